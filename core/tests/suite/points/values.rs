//! Loss, weight, output, per-sample losses, and the next values of buffers.

use super::{DOUBLE, EVERY_BATCH, Open, each};
use crate::oracle::loss;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::{By, CASES};
use hesse_core::vectors::Precision;

pub fn the_loss_and_its_weight_are_as_defined(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for case in CASES.iter() {
        for batch in EVERY_BATCH.iter().copied().filter(|&b| b >= case.smallest_batch) {
            let (s, name) = (case.setting(batch), format!("{}, batch {batch}", case.name));
            let expected = s.plain();
            let (found, _) = Subject::new(backend.as_ref(), &s)
                .and_then(|subject| subject.run(&case.problem().loss().unwrap()))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            let (losses, weights): (Vec<f64>, Vec<f64>) =
                loss::per_sample(&case.loss, &s, &expected.output).into_iter().unzip();
            verdict.close(|| format!("{name}: output"), &found.output, &expected.output, DOUBLE);
            verdict.close(|| format!("{name}: loss of each sample"), &found.per_sample_loss, &losses, DOUBLE);
            verdict.close(|| format!("{name}: loss"), &[found.loss], &[losses.iter().sum()], DOUBLE);
            verdict.close(|| format!("{name}: weight"), &[found.weight], &[weights.iter().sum()], DOUBLE);
        }
    }
    verdict.pronounce("loss and weight", backend.info().name);
}

pub fn the_running_statistics_move_as_defined(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3, 5], &[By::Parameters]) {
        if t.setting.graph.buffer_updates().is_empty() {
            continue;
        }
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let (mut found, _) =
            subject.run(&t.problem.gradient(&t.wrt).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        found.buffers.sort_by_key(|b| b.0);
        let mut expected = t.setting.plain().buffers;
        expected.sort_by_key(|b| b.0);
        let positions = |b: &[(usize, Vec<f64>)]| b.iter().map(|b| b.0).collect::<Vec<_>>();
        verdict.holds(|| format!("{name}: which buffers"), positions(&found.buffers) == positions(&expected));
        for ((_, f), (i, e)) in found.buffers.iter().zip(&expected) {
            verdict.close(|| format!("{name}: buffer {i}"), f, e, DOUBLE);
        }
    }
    verdict.pronounce("running statistics", backend.info().name);
}
