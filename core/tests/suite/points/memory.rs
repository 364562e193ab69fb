//! No allocation that grows with the number of products.

use super::{Open, each};
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::By;
use hesse_core::backend::Feed;
use hesse_core::vectors::Precision;

pub fn memory_stays_flat_over_a_hundred_products(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Parameters]) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let mut parts = subject.compile(&t.problem.hessian(&t.wrt).unwrap()).unwrap();
        let saved = subject.keep(&mut parts).unwrap();
        verdict.holds(|| format!("{name}: kept bytes"), saved.bytes() == parts.primal.saved_bytes());
        let direction = subject.block(&t.directions()).unwrap();
        let mut result = subject.block(&vec![vec![0.0; t.along.len()]; 3]).unwrap();
        let feed = Feed { direction: Some(direction.all()), saved: Some(&saved), ..subject.feed() };
        parts.tangent.run(&feed, Some(result.all_mut()), None).unwrap();
        let before = (parts.tangent.workspace_bytes(), parts.primal.workspace_bytes(), saved.bytes());
        for _ in 0..100 {
            parts.tangent.run(&feed, Some(result.all_mut()), None).unwrap();
        }
        let after = (parts.tangent.workspace_bytes(), parts.primal.workspace_bytes(), saved.bytes());
        verdict.holds(|| format!("{name}: {before:?} became {after:?}"), before == after);
    }
    verdict.pronounce("memory", backend.info().name);
}
