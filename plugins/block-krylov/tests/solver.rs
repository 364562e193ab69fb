//! What a block sees that a single vector does not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse_block_krylov::BlockKrylov;
use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, StopReason};
use hesse_core::host::HostOperator;
use hesse_core::vectors::Precision;

fn values(block: usize, values: &[f64], tolerance: f64, precision: Precision) -> (Vec<f64>, StopReason, usize) {
    let planted = values.to_vec();
    let operator = HostOperator::new(values.len(), precision, move |x: &[f64]| {
        x.iter().zip(&planted).map(|(x, d)| x * d).collect()
    });
    let request = EigenRequest { largest: 3, smallest: 0, tolerance, max_products: 2000, seed: 2 };
    let solver = BlockKrylov { block: Some(block), depth: None };
    let found = solver.solve(&operator, &request, &mut |_| Control::Continue).unwrap();
    (found.largest.iter().map(|p| p.value).collect(), found.reason, found.statistics.products)
}

#[test]
fn a_block_of_three_finds_a_triple_eigenvalue() {
    let planted: Vec<f64> = (0..300).map(|i| if i < 3 { 7.0 } else { f64::from(i) / 300.0 }).collect();
    for precision in [Precision::F32, Precision::F64] {
        let (found, reason, products) = values(3, &planted, 1e-5, precision);
        println!("{precision}: {products} products");
        assert_eq!(reason, StopReason::Converged);
        assert!(found.iter().all(|v| (v - 7.0).abs() < 1e-4), "{found:?}");
    }
}

#[test]
fn every_block_size_finds_the_same_values_at_any_depth() {
    let planted: Vec<f64> = (0..400).map(|i| 20.0 * 0.8f64.powi(i)).collect();
    for block in [1, 2, 4, 8, 16] {
        let (found, reason, products) = values(block, &planted, 1e-8, Precision::F64);
        println!("block {block}: {products} products");
        assert_eq!(reason, StopReason::Converged);
        for (value, exact) in found.iter().zip([20.0, 16.0, 12.8]) {
            assert!((value - exact).abs() < 1e-6, "block {block}: {found:?}");
        }
    }
}

#[test]
fn a_shallow_span_begins_anew_until_it_is_right() {
    let planted: Vec<f64> = (0..200).map(|i| f64::from(i).sqrt()).collect();
    let n = planted.len();
    let operator =
        HostOperator::new(n, Precision::F64, move |x: &[f64]| x.iter().zip(&planted).map(|(x, d)| x * d).collect());
    let request = EigenRequest { largest: 2, smallest: 0, tolerance: 1e-6, max_products: 5000, seed: 2 };
    let solver = BlockKrylov { block: Some(4), depth: Some(4) };
    let found = solver.solve(&operator, &request, &mut |_| Control::Continue).unwrap();
    assert_eq!(found.reason, StopReason::Converged);
    assert!(found.statistics.restarts > 2 && found.statistics.basis_size <= 16);
    assert!((found.largest[0].value - 199f64.sqrt()).abs() < 1e-5, "{:?}", found.largest);
}
