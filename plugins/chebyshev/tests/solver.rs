//! What filtering residuals is for: noisy products, and following a matrix that changes slowly.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse_chebyshev::Chebyshev;
use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, Start, StopReason};
use hesse_core::host::HostOperator;
use hesse_core::vectors::{Block, Precision};

/// Values so close that a short Lanczos run, with which a cold start begins, does not separate them.
fn spectrum(n: usize, shift: f64) -> Vec<f64> {
    (0..n).map(|i| (20.0 + shift) * 0.97f64.powi(i as i32)).collect()
}

fn solve(values: Vec<f64>, tilt: f64, request: &EigenRequest, initial: Option<&Block>) -> EigenResult {
    let n = values.len();
    // Diagonal, and a coupling of neighbours that turns the eigenvectors.
    let operator = HostOperator::new(n, Precision::F64, move |x: &[f64]| {
        (0..n).map(|i| values[i] * x[i] + tilt * (x[(i + 1) % n] + x[(i + n - 1) % n])).collect()
    });
    let start = initial.map_or_else(Start::default, |b| Start::from_vectors(b.all()));
    Chebyshev::default().solve_from(&operator, request, start, &mut |_| Control::Continue).unwrap()
}

fn request(tolerance: f64) -> EigenRequest {
    EigenRequest { largest: 4, smallest: 0, tolerance, max_products: 5000, seed: 3 }
}

#[test]
fn it_follows_a_matrix_that_changes_slowly_with_fewer_products() {
    let ask = request(1e-6);
    let first = solve(spectrum(300, 0.0), 0.2, &ask, None);
    assert_eq!(first.reason, StopReason::Converged);
    let mut vectors = first.vectors;
    for step in 1..5 {
        let shift = 0.005 * f64::from(step);
        let cold = solve(spectrum(300, shift), 0.2 + 0.001 * f64::from(step), &ask, None);
        let warm = solve(spectrum(300, shift), 0.2 + 0.001 * f64::from(step), &ask, Some(&vectors));
        println!("step {step}: warm {} cold {}", warm.statistics.products, cold.statistics.products);
        assert_eq!(warm.reason, StopReason::Converged);
        assert!(warm.statistics.products < cold.statistics.products);
        for (a, b) in warm.largest.iter().zip(&cold.largest) {
            assert!((a.value - b.value).abs() < 2e-3, "{} {}", a.value, b.value);
        }
        vectors = warm.vectors;
    }
}

#[test]
fn products_rounded_to_four_digits_give_values_of_that_accuracy() {
    let values: Vec<f64> =
        (0..300).map(|i| if i < 6 { 20.0 * 0.8f64.powi(i) } else { (f64::from(i) * 1.3).sin() }).collect();
    let n = values.len();
    let exact = move |x: &[f64]| -> Vec<f64> { x.iter().zip(&values).map(|(x, d)| x * d).collect() };
    let coarse = |v: f64| f64::from(f32::from_bits((v as f32).to_bits() & 0xffff_f000));
    let operator = HostOperator::new(n, Precision::F64, move |x: &[f64]| {
        // Rounded relative to the vector that is multiplied, as a low-precision kernel rounds.
        exact(x).into_iter().map(coarse).collect()
    });
    let found = Chebyshev::default().solve(&operator, &request(2e-3), &mut |_| Control::Continue).unwrap();
    assert!(found.largest.iter().zip([20.0, 16.0, 12.8, 10.24]).all(|(p, v)| (p.value - v).abs() < 0.02));
    assert!(found.largest.iter().all(|p| p.converged == (p.residual <= 2e-3)));
}
