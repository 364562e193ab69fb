//! Derivatives of a [`Setting`] entry by entry, by moving the inputs along infinitesimals.
//!
//! Nothing of core's differentiation is used: the loss's own graph is evaluated in hyper-dual numbers, once for every
//! entry wanted.

use super::hyper_dual::HyperDual;
use super::number::Num;
use super::setting::{Coordinate, Setting};
use std::collections::HashMap;

/// A matrix by columns.
pub type Columns = Vec<Vec<f64>>;

/// The loss and output where coordinate `i` moves along ε₁ and all coordinates along ε₂ by `direction`.
fn moved(s: &Setting, along: &[Coordinate], i: usize, direction: &[f64]) -> (HyperDual, Vec<HyperDual>) {
    let place: HashMap<Coordinate, usize> = along.iter().enumerate().map(|(k, c)| (*c, k)).collect();
    let vary = |c: Coordinate, re: f64| match place.get(&c) {
        Some(&k) => HyperDual { re, e1: if k == i { 1.0 } else { 0.0 }, e2: direction[k], e12: 0.0 },
        None => HyperDual::constant(re),
    };
    let found = s.run(&vary, &|_, z| z).unwrap();
    (found.total, found.output)
}

/// ∂loss/∂along.
pub fn gradient(s: &Setting, along: &[Coordinate]) -> Vec<f64> {
    let still = vec![0.0; along.len()];
    (0..along.len()).map(|i| moved(s, along, i, &still).0.e1).collect()
}

/// H·v: entry i is the mixed derivative along coordinate i and along v.
pub fn hessian_product(s: &Setting, along: &[Coordinate], v: &[f64]) -> Vec<f64> {
    (0..along.len()).map(|i| moved(s, along, i, v).0.e12).collect()
}

/// H, column by column.
pub fn hessian(s: &Setting, along: &[Coordinate]) -> Columns {
    let unit = |j: usize| (0..along.len()).map(|k| if k == j { 1.0 } else { 0.0 }).collect::<Vec<_>>();
    (0..along.len()).map(|j| hessian_product(s, along, &unit(j))).collect()
}

/// J = ∂output/∂along, column by column.
pub fn jacobian(s: &Setting, along: &[Coordinate]) -> Columns {
    let still = vec![0.0; along.len()];
    (0..along.len()).map(|i| moved(s, along, i, &still).1.iter().map(|z| z.e1).collect()).collect()
}

/// The Hessian of the loss with respect to the network's output, column by column.
pub fn output_hessian(s: &Setting) -> Columns {
    let size = s.graph.shape(s.output).elements().at(s.batch);
    let entry = |i: usize, j: usize| {
        let at = |k: usize, z: HyperDual| HyperDual {
            re: z.re,
            e1: if k == i { 1.0 } else { 0.0 },
            e2: if k == j { 1.0 } else { 0.0 },
            e12: 0.0,
        };
        s.run(&|_, v| HyperDual::constant(v), &at).unwrap().total.e12
    };
    (0..size).map(|j| (0..size).map(|i| entry(i, j)).collect()).collect()
}

/// A·v.
pub fn multiply(a: &Columns, v: &[f64]) -> Vec<f64> {
    let rows = a.first().map_or(0, Vec::len);
    (0..rows).map(|i| a.iter().zip(v).map(|(column, v)| column[i] * v).sum()).collect()
}

/// Aᵀ·v.
pub fn multiply_transposed(a: &Columns, v: &[f64]) -> Vec<f64> {
    a.iter().map(|column| column.iter().zip(v).map(|(a, v)| a * v).sum()).collect()
}
