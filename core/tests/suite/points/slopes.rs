//! The difference quotient of gradients approaches H·v with the square of the step.

use super::{EVERYTHING, Open, each};
use crate::suite::compare::{Verdict, relative};
use crate::suite::subject::Subject;
use crate::suite::truth::By;
use hesse_core::vectors::Precision;

pub fn hessian_products_are_the_slope_of_the_gradient(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], EVERYTHING) {
        let mut subject = Subject::new(backend.as_ref(), &t.setting).unwrap();
        let v = &t.directions()[0];
        let product = subject.product(&t.problem.hessian(&t.wrt).unwrap(), std::slice::from_ref(v)).unwrap().remove(0);
        let program = t.problem.gradient(&t.wrt).unwrap();
        let mut gradient = |step: f64| {
            let moved = t.moved(v, step);
            if t.by == By::Samples { subject.set_samples(&moved) } else { subject.set_parameters(&moved) }.unwrap();
            subject.run(&program).unwrap().1
        };
        let mut error = |step: f64| {
            let (plus, minus) = (gradient(step), gradient(-step));
            let quotient: Vec<f64> = plus.iter().zip(&minus).map(|(p, m)| (p - m) / (2.0 * step)).collect();
            relative(&quotient, &product)
        };
        let (coarse, fine) = (error(1e-3), error(5e-4));
        let order = (coarse / fine).log2();
        // Where the third derivative is zero or tiny, the error is rounding and has no order.
        let fits = coarse < 1e-9 || ((order - 2.0).abs() < 0.1 && fine < 1e-2);
        verdict.holds(|| format!("{name}: errors {coarse:.1e}, {fine:.1e}, order {order:.2}"), fits);
    }
    verdict.pronounce("finite differences", backend.info().name);
}
