//! The cases in which LOBPCG of other libraries diverges or is silently wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, Start, StopReason};
use hesse_core::host::{HostOperator, HostSpace};
use hesse_core::vectors::{Precision, VectorSpace};
use hesse_lobpcg::Lobpcg;

fn solve(values: &[f64], precision: Precision, request: &EigenRequest, initial: Option<&[Vec<f64>]>) -> EigenResult {
    let n = values.len();
    let planted = values.to_vec();
    let operator =
        HostOperator::new(n, precision, move |x: &[f64]| x.iter().zip(&planted).map(|(x, d)| x * d).collect());
    let space = HostSpace::new(n, precision);
    let columns = initial.unwrap_or_default();
    let mut block = space.zeros(columns.len()).unwrap();
    columns.iter().enumerate().for_each(|(c, v)| space.write(&mut block, c, v).unwrap());
    let start = if initial.is_some() { Start::from_vectors(block.all()) } else { Start::default() };
    Lobpcg::default().solve_from(&operator, request, start, &mut |_| Control::Continue).unwrap()
}

fn request(largest: usize, smallest: usize, tolerance: f64) -> EigenRequest {
    EigenRequest { largest, smallest, tolerance, max_products: 4000, seed: 3 }
}

fn agrees(found: &EigenResult, exact: &[f64], bound: f64) {
    let all: Vec<f64> = found.largest.iter().chain(&found.smallest).map(|p| p.value).collect();
    assert_eq!(all.len(), exact.len());
    assert_eq!(found.reason, StopReason::Converged, "{all:?} {:?}", found.statistics);
    assert!(all.iter().zip(exact).all(|(a, b)| (a - b).abs() < bound), "{all:?}");
}

#[test]
fn a_nearly_rank_deficient_operator_is_solved_in_single_precision() {
    // Five outliers over a bulk of 1e-7 of them: the Gram matrix of [X W P] is singular to f32 from the first iteration on.
    let values: Vec<f64> =
        (0..500).map(|i| if i < 5 { 10.0 - f64::from(i) } else { 1e-6 * f64::from(i % 7) }).collect();
    agrees(&solve(&values, Precision::F32, &request(5, 0, 1e-5), None), &[10.0, 9.0, 8.0, 7.0, 6.0], 1e-3);
}

#[test]
fn both_ends_converge_in_one_subspace() {
    let values: Vec<f64> =
        (0..400).map(|i| [9.0, 7.0, 5.0, -6.0, -4.0].get(i).copied().unwrap_or((i as f64).sin())).collect();
    for precision in [Precision::F32, Precision::F64] {
        agrees(&solve(&values, precision, &request(3, 2, 1e-5), None), &[9.0, 7.0, 5.0, -6.0, -4.0], 1e-3);
    }
}

#[test]
fn vectors_that_are_nearly_right_save_products() {
    let values: Vec<f64> = (0..400).map(|i| 20.0 * 0.8f64.powi(i)).collect();
    let cold = solve(&values, Precision::F64, &request(3, 0, 1e-6), None);
    let near: Vec<Vec<f64>> = (0..3)
        .map(|c| (0..400).map(|i| if i == c { 1.0 } else { 1e-4 * ((i * 7 + c) as f64).sin() }).collect())
        .collect();
    let warm = solve(&values, Precision::F64, &request(3, 0, 1e-6), Some(&near));
    agrees(&warm, &[20.0, 16.0, 12.8], 1e-4);
    println!("cold {} warm {}", cold.statistics.products, warm.statistics.products);
    assert!(warm.statistics.products < cold.statistics.products);
}
