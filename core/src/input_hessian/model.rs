//! A sample's loss to second order, in an orthonormal basis in which its Hessian is diagonal.

use super::{add_scaled, dot};

/// loss(x + Σ c_i v_i) ≈ loss(x) + scale · Σ (slope_i c_i + ½ value_i c_i²), to second order.
///
/// The scale is apart because a confident softmax makes slopes and values as small as 1e-300, and every decision of an
/// attack depends on their ratios alone.
#[derive(Debug, Clone, PartialEq)]
pub struct QuadraticModel {
    /// Above zero, unless it is too small for f64.
    pub scale: f64,
    /// Eigenvalues of the Hessian divided by the scale, falling.
    pub values: Vec<f64>,
    /// Components of the gradient along the eigenvectors, divided by the scale.
    pub slopes: Vec<f64>,
    /// Eigenvectors v_i, row by row, each D long.
    pub vectors: Vec<f64>,
    /// D.
    pub dimension: usize,
}

impl QuadraticModel {
    /// v_i.
    pub fn vector(&self, i: usize) -> &[f64] {
        self.vectors.get(i * self.dimension..(i + 1) * self.dimension).unwrap_or_default()
    }

    /// Σ c_i v_i, D long.
    pub fn combine(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut d = vec![0.0; self.dimension];
        for (v, c) in self.vectors.chunks_exact(self.dimension.max(1)).zip(coefficients) {
            add_scaled(&mut d, *c, v);
        }
        d
    }

    /// The change of the loss to second order, divided by the scale, for any displacement of length D; what lies
    /// outside of the basis counts for nothing.
    pub fn change(&self, d: &[f64]) -> f64 {
        let rows = self.vectors.chunks_exact(self.dimension.max(1));
        rows.zip(self.values.iter().zip(&self.slopes))
            .map(|(v, (value, slope))| {
                let c = dot(v, d);
                c * (slope + 0.5 * value * c)
            })
            .sum()
    }
}
