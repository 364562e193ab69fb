//! One sample's Lanczos process: an orthonormal basis and the tridiagonal matrix of the products within it.
//!
//! Every new vector is orthogonalised twice against all before it, so that no eigenvalue is found twice. The basis lies
//! on the host: a sample has some hundred to some thousand entries, and a copy costs nothing beside a product.
//!
//! Source: Paige, *The Computation of Eigenvalues…*, thesis, London 1971; "twice is enough": Parlett, *The Symmetric
//! Eigenvalue Problem*, 1980, §6.9.

use super::{add_scaled, dot, tridiagonal_eigen};
use crate::attack::Norm;

/// A basis q₁ … q_m with the tridiagonal T = QᵀHQ.
#[derive(Debug, Clone)]
pub struct Krylov {
    dimension: usize,
    /// Row j is q_{j+1}; one more than there are products while the process goes on.
    basis: Vec<f64>,
    /// ⟨q_j, H q_j⟩.
    diagonal: Vec<f64>,
    /// ‖H q_j‖ outside of the basis so far: couples j and j + 1, zero where the basis became invariant.
    beside: Vec<f64>,
    /// A β of at most this share of the operator's norm is rounding.
    noise: f64,
}

impl Krylov {
    /// Begins with a vector of any length above zero. `noise` is the relative error of a product: a residual of that
    /// size ends the basis as invariant.
    pub fn new(start: &[f64], noise: f64) -> Self {
        let mut krylov = Krylov { dimension: start.len(), basis: Vec::new(), diagonal: vec![], beside: vec![], noise };
        krylov.push(start.to_vec());
        krylov
    }

    /// The vector whose product is wanted next; none where the basis is invariant or spans the space.
    pub fn direction(&self) -> Option<&[f64]> {
        let m = self.diagonal.len();
        self.basis.get(m * self.dimension..(m + 1) * self.dimension)
    }

    /// Products absorbed: the size of T.
    pub fn len(&self) -> usize {
        self.diagonal.len()
    }

    /// Whether nothing was absorbed.
    pub fn is_empty(&self) -> bool {
        self.diagonal.is_empty()
    }

    /// Length of the vectors.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The diagonal of T, and what stands beside it: one entry more than T has, the last being the residual's length.
    pub fn coefficients(&self) -> (&[f64], &[f64]) {
        (&self.diagonal, &self.beside)
    }

    /// Relative error of a product, as given.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// A bound of T's norm: no row's sum of moduli is larger.
    pub fn norm(&self) -> f64 {
        let sum = |j: usize| {
            let before = j.checked_sub(1).and_then(|i| self.beside.get(i)).copied().unwrap_or(0.0);
            self.diagonal[j].abs() + before + self.beside.get(j).copied().unwrap_or(0.0)
        };
        (0..self.diagonal.len()).map(sum).fold(0.0, f64::max)
    }

    /// Takes `product` = H·[`direction`](Self::direction) in, and finds the next direction. Cost: O(m D).
    pub fn absorb(&mut self, mut product: Vec<f64>) {
        let Some(q) = self.direction() else { return };
        self.diagonal.push(dot(q, &product));
        self.orthogonalize(&mut product);
        let length = Norm::L2.of(&product);
        self.beside.push(length);
        let invariant = length <= self.noise * self.norm() || self.basis.len() >= self.dimension * self.dimension;
        if invariant {
            if let Some(last) = self.beside.last_mut() {
                *last = 0.0;
            }
        } else {
            self.push(product);
        }
    }

    /// Goes on from an invariant basis with another vector; false where nothing of it is new.
    pub fn continue_with(&mut self, fresh: &[f64]) -> bool {
        if self.direction().is_some() || self.basis.len() >= self.dimension * self.dimension {
            return self.direction().is_some();
        }
        let before = Norm::L2.of(fresh);
        let mut v = fresh.to_vec();
        self.orthogonalize(&mut v);
        let new = Norm::L2.of(&v) > 1e-8 * before;
        if new {
            self.push(v);
        }
        new
    }

    fn orthogonalize(&self, v: &mut [f64]) {
        for _ in 0..2 {
            for q in self.basis.chunks_exact(self.dimension.max(1)) {
                let along = dot(q, v);
                add_scaled(v, -along, q);
            }
        }
    }

    /// Appends v, normalised; not where it is zero or not finite.
    fn push(&mut self, mut v: Vec<f64>) {
        let length = Norm::L2.of(&v);
        if length > 0.0 && length.is_finite() {
            v.iter_mut().for_each(|x| *x /= length);
            self.basis.extend_from_slice(&v);
        }
    }

    /// Ritz values with the lengths of their residuals ‖H y − θ y‖, in no order. Cost: O(m²).
    pub fn ritz_values(&self) -> Vec<(f64, f64)> {
        let m = self.len();
        let mut last = vec![0.0; m];
        if let Some(end) = last.last_mut() {
            *end = 1.0;
        }
        let values = tridiagonal_eigen(&self.diagonal, &self.beside, &mut last);
        let residual = self.beside.last().copied().unwrap_or(0.0);
        values.into_iter().zip(last.iter().map(|s| (residual * s).abs())).collect()
    }

    /// Ritz values, falling, with all coefficients of their vectors: row i, of length m, is that of value i. Cost:
    /// O(m³).
    pub fn ritz(&self) -> (Vec<f64>, Vec<f64>) {
        let m = self.len();
        let mut rows = vec![0.0; m * m];
        (0..m).for_each(|i| rows[i * m + i] = 1.0);
        let values = tridiagonal_eigen(&self.diagonal, &self.beside, &mut rows);
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
        let column = |k: usize| (0..m).map(move |i| i * m + k);
        let coefficients = order.iter().flat_map(|&k| column(k).map(|e| rows[e]).collect::<Vec<f64>>()).collect();
        (order.iter().map(|&k| values[k]).collect(), coefficients)
    }

    /// Σ_j c_j q_j.
    pub fn combine(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut v = vec![0.0; self.dimension];
        for (q, c) in self.basis.chunks_exact(self.dimension.max(1)).zip(coefficients) {
            add_scaled(&mut v, *c, q);
        }
        v
    }
}
