//! Corners at which an iteration that was written for large matrices may not end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, SolverError};
use hesse_core::host::HostOperator;
use hesse_core::vectors::Precision;
use hesse_krylov_schur::KrylovSchur;

fn diagonal(values: Vec<f64>, largest: usize, smallest: usize) -> Result<EigenResult, SolverError> {
    let n = values.len();
    let operator =
        HostOperator::new(n, Precision::F64, move |x: &[f64]| x.iter().zip(&values).map(|(x, d)| x * d).collect());
    let request = EigenRequest { largest, smallest, tolerance: 1e-6, max_products: 500, seed: 1 };
    KrylovSchur { basis: 64 }.solve(&operator, &request, &mut |_| Control::Continue)
}

#[test]
fn one_dimension() {
    assert!((diagonal(vec![-3.0], 1, 0).unwrap().largest[0].value + 3.0).abs() < 1e-12);
}

#[test]
fn all_pairs_of_a_small_matrix() {
    let found = diagonal(vec![4.0, 2.5, 1.0, -1.5, -3.0, 0.25], 4, 2).unwrap();
    let values: Vec<f64> = found.largest.iter().chain(&found.smallest).map(|p| p.value).collect();
    for (value, exact) in values.iter().zip([4.0, 2.5, 1.0, 0.25, -3.0, -1.5]) {
        assert!((value - exact).abs() < 1e-9, "{values:?}");
    }
}

#[test]
fn nothing_but_zeros() {
    let found = diagonal(vec![0.0; 30], 1, 0).unwrap();
    assert!(found.largest.iter().all(|p| p.value == 0.0));
}

#[test]
fn a_low_rank() {
    let mut values = vec![0.0; 80];
    values.extend([5.0, 3.0, 2.0]);
    let found = diagonal(values, 2, 1).unwrap();
    assert!((found.largest[0].value - 5.0).abs() < 1e-6);
}

#[test]
fn products_that_are_no_numbers() {
    let error = diagonal(vec![f64::NAN; 100], 2, 1).unwrap_err();
    assert!(matches!(error, SolverError::NotFinite { product: 1 }), "{error}");
}

#[test]
fn an_observer_that_stops_at_once() {
    let operator = HostOperator::new(100, Precision::F64, |x: &[f64]| x.to_vec());
    let request = EigenRequest { largest: 1, smallest: 0, tolerance: 1e-6, max_products: 500, seed: 1 };
    let mut heard = 0;
    let found = KrylovSchur { basis: 64 }.solve(&operator, &request, &mut |_| {
        heard += 1;
        Control::Stop
    });
    assert!(found.is_ok() && heard == 1);
}
