//! The block is the unit; its columns do not know of each other.

use super::{Open, each};
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::By;
use hesse_core::vectors::Precision;

pub fn a_block_of_three_directions_is_three_single_ones(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[1, 5], &[By::Parameters, By::Samples]) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let mut parts = subject.compile(&t.problem.hessian(&t.wrt).unwrap()).unwrap();
        let saved = subject.keep(&mut parts).unwrap();
        let together = subject.apply(&mut parts, &saved, &t.directions()).unwrap();
        for (i, v) in t.directions().into_iter().enumerate() {
            let alone = subject.apply(&mut parts, &saved, &[v]).unwrap();
            verdict.close(|| format!("{name}, column {i}"), &together[i], &alone[0], 1e-14);
        }
    }
    verdict.pronounce("blocks", backend.info().name);
}
