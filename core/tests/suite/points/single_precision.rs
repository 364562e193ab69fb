//! f32 against f64: only rounding may differ.

use super::{EVERYTHING, Open, SINGLE, each};
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use hesse_core::vectors::Precision;

pub fn gradients_in_single_precision_agree(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[1, 5], EVERYTHING) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let (_, found) = subject.run(&t.problem.gradient(&t.wrt).unwrap()).unwrap();
        verdict.close(|| name, &found, t.gradient(), SINGLE);
    }
    verdict.pronounce("gradient in f32", backend.info().name);
}

pub fn products_in_single_precision_agree(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[1, 5], EVERYTHING) {
        let subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let found = subject.product(&t.problem.hessian(&t.wrt).unwrap(), &t.directions()).unwrap();
        verdict.close(|| format!("{name}: H·v"), &found.concat(), &t.products().concat(), SINGLE);
        let found = subject.product(&t.problem.gauss_newton(&t.wrt).unwrap(), &t.directions()).unwrap();
        let expected: Vec<Vec<f64>> = t.directions().iter().map(|v| t.gauss_newton(v)).collect();
        verdict.close(|| format!("{name}: G·v"), &found.concat(), &expected.concat(), SINGLE);
    }
    verdict.pronounce("products in f32", backend.info().name);
}
