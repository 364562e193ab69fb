//! Blocks of any size, and what they see that one vector does not.

use crate::planted::{Planted, pm, request, sep, tight, verified};
use hesse_core::vectors::Precision;
use hesse_lanczos::Lanczos;

const fn block(block: usize) -> Lanczos {
    Lanczos { basis: None, block, probe: false, each: false }
}

#[test]
fn every_block_size_finds_the_outliers_in_either_precision() {
    for (precision, tolerance) in [(Precision::F32, 1e-5), (Precision::F64, 1e-10)] {
        for (name, planted) in [("sep", sep(800)), ("tight", tight(800)), ("pm", pm(800))] {
            for size in [2, 3, 4, 8, 16] {
                let s =
                    verified(block(size), &planted.clone().precision(precision), &request(6, 2, tolerance)).statistics;
                println!("{name}, {precision}, block {size}: {} products, {} restarts", s.products, s.restarts);
            }
        }
    }
}

#[test]
fn a_block_of_three_finds_a_triple_eigenvalue_without_probing() {
    let mut values: Vec<f64> = (0..300).map(|i| f64::from(i) / 300.0).collect();
    values[..5].copy_from_slice(&[10.0, 10.0, 10.0, 5.0, 4.0]);
    for (precision, tolerance) in [(Precision::F32, 1e-5), (Precision::F64, 1e-10)] {
        verified(block(3), &Planted::new(&values).precision(precision), &request(5, 0, tolerance));
    }
}

#[test]
fn a_block_costs_a_few_products_more_and_far_fewer_calls() {
    let planted = sep(20_000);
    let mut calls = Vec::new();
    for size in [1, 4, 8] {
        let s = verified(block(size), &planted, &request(10, 0, 1e-3)).statistics;
        println!("block {size}: {} + 3 products", s.products - 3);
        // Table 3.1 of the reference: 18 single products, 36 in blocks of 4, 56 in blocks of 8, and one or two blocks.
        assert!(s.products - 3 <= [20, 44, 72][[1, 4, 8].iter().position(|&b| b == size).unwrap()]);
        calls.push((s.products - 3) / size);
    }
    assert!(calls[1] * 2 < calls[0] && calls[2] <= calls[1], "{calls:?}");
}

#[test]
fn a_small_basis_of_blocks_restarts_and_stays_orthogonal() {
    let n = 200;
    let planted = Planted::new(&(1..=n).map(f64::from).collect::<Vec<_>>()).precision(Precision::F32);
    let solver = Lanczos { basis: Some(14), block: 3, probe: false, each: false };
    let s = verified(solver, &planted, &request(3, 0, 1e-4)).statistics;
    assert!(s.restarts > 5 && s.basis_size <= 14, "{s:?}");
}

#[test]
fn degenerate_spaces_are_solved_in_blocks() {
    for precision in [Precision::F32, Precision::F64] {
        let tolerance = if precision == Precision::F32 { 1e-5 } else { 1e-10 };
        for size in [2, 5] {
            verified(block(size), &Planted::new(&[0.0; 20]).precision(precision), &request(3, 2, tolerance));
            verified(block(size), &Planted::new(&[1.0, 1.0, 1.0]).precision(precision), &request(2, 1, tolerance));
            let values: Vec<f64> = (0..24).map(|i| f64::from((7 * i) % 24) - 9.0).collect();
            verified(block(size), &Planted::new(&values).precision(precision), &request(23, 0, tolerance));
            verified(block(size), &Planted::new(&values).precision(precision), &request(12, 12, tolerance));
        }
    }
}
