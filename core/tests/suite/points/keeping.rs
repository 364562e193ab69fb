//! A kept primal part, a recomputed one, and a filled result block.

use super::{Open, each};
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::By;
use hesse_core::backend::Feed;
use hesse_core::vectors::Precision;

pub fn a_kept_primal_part_gives_the_same_bits_every_time(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Parameters, By::Samples]) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let product = t.problem.hessian(&t.wrt).unwrap();
        let mut parts = subject.compile(&product).unwrap();
        let mut saved = subject.keep(&mut parts).unwrap();
        let first = subject.apply(&mut parts, &saved, &t.directions()).unwrap();
        let again = subject.apply(&mut parts, &saved, &t.directions()).unwrap();
        verdict.holds(|| format!("{name}: the kept part twice"), first == again);
        parts.primal.run(&subject.feed(), None, Some(&mut saved)).unwrap();
        let refilled = subject.apply(&mut parts, &saved, &t.directions()).unwrap();
        verdict.holds(|| format!("{name}: the primal part run again into the same memory"), first == refilled);
        let fresh = subject.product(&product, &t.directions()).unwrap();
        verdict.holds(|| format!("{name}: both parts compiled anew"), first == fresh);
    }
    verdict.pronounce("kept primal part", backend.info().name);
}

pub fn results_are_added_to_what_is_there(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Parameters]) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let program = t.problem.gradient(&t.wrt).unwrap();
        let once = subject.run(&program).unwrap().1;
        let mut executable = backend.compile(&program, t.setting.batch).unwrap();
        // Column 1 of three, filled with ones; its neighbours must stay as they are.
        let mut result = subject.block(&vec![vec![1.0; once.len()]; 3]).unwrap();
        for _ in 0..2 {
            let feed: Feed<'_> = subject.feed();
            executable.run(&feed, Some(result.view_mut(1..2)), None).unwrap();
        }
        let expected: Vec<f64> = once.iter().map(|g| 1.0 + 2.0 * g).collect();
        let found = subject.columns(&result).unwrap();
        verdict.close(|| name.clone(), &found[1], &expected, 1e-14);
        verdict.holds(
            || format!("{name}: neighbours"),
            [&found[0], &found[2]].iter().all(|c| c.iter().all(|&v| v == 1.0)),
        );
    }
    verdict.pronounce("accumulation", backend.info().name);
}
