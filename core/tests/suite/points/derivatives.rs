//! Every derivative program against dense dual numbers, in f64.

use super::{DOUBLE, EVERY_BATCH, EVERYTHING, Open, each};
use crate::oracle::dense::{Columns, multiply, multiply_transposed};
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::{By, Truth};
use hesse_core::error::GraphError;
use hesse_core::program::Product;
use hesse_core::vectors::Precision;

pub fn gradients_agree_with_dual_numbers(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(EVERY_BATCH, EVERYTHING) {
        let program = t.problem.gradient(&t.wrt).unwrap();
        let found = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.run(&program));
        let (_, found) = found.unwrap_or_else(|e| panic!("{name}: {e}"));
        verdict.close(|| name, &found, t.gradient(), DOUBLE);
    }
    verdict.pronounce("gradient", backend.info().name);
}

/// Runs a product on three directions and compares column by column, relative to the largest entry of all.
fn compare_products(
    point: &str,
    open: Open<'_>,
    record: impl Fn(&Truth) -> Result<Product, GraphError>,
    directions: impl Fn(&Truth) -> Columns,
    expected: impl Fn(&Truth, &[Vec<f64>]) -> Columns,
) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(EVERY_BATCH, EVERYTHING) {
        let product = record(&t).unwrap_or_else(|e| panic!("{name}: {e}"));
        let directions = directions(&t);
        let found = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.product(&product, &directions));
        let found = found.unwrap_or_else(|e| panic!("{name}: {e}"));
        verdict.close(|| name, &found.concat(), &expected(&t, &directions).concat(), DOUBLE);
    }
    verdict.pronounce(point, backend.info().name);
}

pub fn hessian_products_agree_with_dual_numbers(open: Open<'_>) {
    compare_products("H·v", open, |t| t.problem.hessian(&t.wrt), Truth::directions, |t, _| t.products().clone());
}

pub fn every_column_of_the_hessian_agrees_with_dual_numbers(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Parameters]) {
        let n = t.along.len();
        let unit = |j: usize| (0..n).map(|i| if i == j { 1.0 } else { 0.0 }).collect();
        let units: Columns = (0..n).map(unit).collect();
        let product = t.problem.hessian(&t.wrt).unwrap();
        let found = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.product(&product, &units));
        let found = found.unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected = t.hessian();
        verdict.close(|| name.clone(), &found.concat(), &expected.concat(), DOUBLE);
        let transposed: Columns = (0..n).map(|i| found.iter().map(|column| column[i]).collect()).collect();
        verdict.close(|| format!("{name}: symmetry"), &found.concat(), &transposed.concat(), 1e-12);
    }
    verdict.pronounce("dense Hessian", backend.info().name);
}

pub fn gauss_newton_products_agree_with_dual_numbers(open: Open<'_>) {
    compare_products(
        "G·v",
        open,
        |t| t.problem.gauss_newton(&t.wrt),
        Truth::directions,
        |t, v| v.iter().map(|v| t.gauss_newton(v)).collect(),
    );
}

pub fn jacobian_products_agree_with_dual_numbers(open: Open<'_>) {
    compare_products(
        "J·v",
        open,
        |t| t.problem.jacobian(&t.wrt),
        Truth::directions,
        |t, v| v.iter().map(|v| multiply(t.jacobian(), v)).collect(),
    );
}

pub fn transposed_jacobian_products_agree_with_dual_numbers(open: Open<'_>) {
    compare_products(
        "Jᵀ·v",
        open,
        |t| t.problem.jacobian_transpose(&t.wrt),
        Truth::cotangents,
        |t, v| v.iter().map(|v| multiply_transposed(t.jacobian(), v)).collect(),
    );
}
