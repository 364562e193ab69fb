//! The randomised Nyström preconditioner (Frangella, Tropp, Udell, SIAM J. Matrix Anal. Appl. 2023).
//!
//! A random sketch of rank ℓ finds the large eigenvalues of a positive semidefinite A; the preconditioner of A + μI makes
//! them all equal to the smallest found. For a curvature matrix with a few outliers over a bulk near zero that is all
//! that is needed.
//!
//! The sketch's core ΩᵀAΩ is inverted through its eigenvalues, not by Cholesky, which is brittle where the rank is below
//! ℓ. What is negative there (the matrix was not semidefinite) is left out: M stays definite whatever A is.

use super::Preconditioner;
use crate::dense::symmetric_eigen;
use crate::operator::LinearOperator;
use crate::random::{Purpose, Stream};
use crate::solve::SolveError;
use crate::vectors::{Block, VectorSpace, View, ViewMut};

/// M = (U(Λ + μ)Uᵀ) / (λ_ℓ + μ) + (I − UUᵀ).
#[derive(Debug)]
pub struct Nystrom {
    vectors: Block,
    values: Vec<f64>,
    factors: Vec<f64>,
}

impl Nystrom {
    /// Sketches `operator` with `rank` random vectors (so many products, in one block) for systems damped by `damping`.
    ///
    /// # Errors
    /// Where a product fails or is not finite, the rank is zero or above the dimension, or the damping is negative.
    pub fn new(operator: &dyn LinearOperator, rank: usize, damping: f64, seed: u64) -> Result<Self, SolveError> {
        let (space, n) = (operator.space(), operator.dimension());
        if rank == 0 || rank > n {
            let expected = format!("from 1 to the dimension {n}");
            return Err(SolveError::Request { what: "rank", expected, found: rank.to_string() });
        }
        if !(damping >= 0.0 && damping.is_finite()) {
            let found = damping.to_string();
            return Err(SolveError::Request { what: "damping", expected: "a number of at least 0".into(), found });
        }
        let (mut probes, mut sketch) = (space.zeros(rank)?, space.zeros(rank)?);
        for column in 0..rank {
            let mut stream = Stream::new(seed, Purpose::Probe, column as u64);
            let values: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            space.write(&mut probes, column, &values)?;
        }
        operator.apply(probes.all(), sketch.all_mut())?;
        let core = space.gram(probes.all(), sketch.all())?;
        if core.iter().any(|v| !v.is_finite()) {
            return Err(SolveError::NotFinite { product: rank });
        }
        let core: Vec<f64> = (0..rank * rank).map(|i| 0.5 * (core[i] + core[i % rank * rank + i / rank])).collect();
        let rounding = 10.0 * rank as f64 * space.precision().epsilon();

        // B = Y Q D^(−1/2), so that B Bᵀ = Y (ΩᵀY)⁺ Yᵀ.
        let half = root(space, &sketch, &core, rank, rounding, -0.5)?;
        let square = space.gram(half.all(), half.all())?;
        let k = half.columns();
        let (squares, rotations) = symmetric_eigen(k, &square);
        let largest = squares.last().copied().unwrap_or(0.0);
        let kept: Vec<usize> = (0..k).rev().filter(|&i| squares[i] > rounding * largest).collect();
        let mut vectors = space.zeros(kept.len())?;
        let c: Vec<f64> = kept
            .iter()
            .flat_map(|&i| rotations[i * k..(i + 1) * k].iter().map(move |v| (v, i)))
            .map(|(v, i)| v / squares[i].sqrt())
            .collect();
        if !kept.is_empty() {
            space.combine(vectors.all_mut(), 0.0, half.all(), &c)?;
            // What rounding has cost of orthogonality: the nearest orthonormal basis.
            let gram = space.gram(vectors.all(), vectors.all())?;
            vectors = orthonormal(space, &vectors, &gram)?;
        }
        let values: Vec<f64> = kept.iter().map(|&i| squares[i]).collect();
        let last = values.last().copied().unwrap_or(0.0);
        let factors = values.iter().map(|v| (last + damping) / (v + damping) - 1.0).collect();
        Ok(Nystrom { vectors, values, factors })
    }

    /// The eigenvalues found, falling; each is at most the operator's own where that is semidefinite.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.values
    }
}

/// Y Q D^power over the eigenvalues D of `core` that are positive beyond rounding.
fn root(
    space: &dyn VectorSpace,
    y: &Block,
    core: &[f64],
    k: usize,
    rounding: f64,
    power: f64,
) -> Result<Block, SolveError> {
    let (values, vectors) = symmetric_eigen(k, core);
    let largest = values.last().copied().unwrap_or(0.0);
    let kept: Vec<usize> = (0..k).filter(|&i| values[i] > rounding * largest.max(0.0)).collect();
    let mut made = space.zeros(kept.len())?;
    let c: Vec<f64> = kept
        .iter()
        .flat_map(|&i| vectors[i * k..(i + 1) * k].iter().map(move |v| (v, i)))
        .map(|(v, i)| v * values[i].powf(power))
        .collect();
    if !kept.is_empty() {
        space.combine(made.all_mut(), 0.0, y.all(), &c)?;
    }
    Ok(made)
}

/// V (VᵀV)^(−1/2).
fn orthonormal(space: &dyn VectorSpace, v: &Block, gram: &[f64]) -> Result<Block, SolveError> {
    let k = v.columns();
    let (values, vectors) = symmetric_eigen(k, gram);
    let entry = |i: usize, j: usize| -> f64 {
        (0..k).map(|l| vectors[l * k + i] * vectors[l * k + j] / values[l].max(f64::MIN_POSITIVE).sqrt()).sum()
    };
    let c: Vec<f64> = (0..k * k).map(|m| entry(m % k, m / k)).collect();
    let mut made = space.zeros(k)?;
    space.combine(made.all_mut(), 0.0, v.all(), &c)?;
    Ok(made)
}

impl Preconditioner for Nystrom {
    fn apply(&self, space: &dyn VectorSpace, r: View<'_>, mut z: ViewMut<'_>) -> Result<(), SolveError> {
        space.copy(r.clone(), z.again())?;
        if self.values.is_empty() {
            return Ok(());
        }
        let along = space.gram(self.vectors.all(), r)?;
        let k = self.factors.len();
        let c: Vec<f64> = along.iter().enumerate().map(|(i, a)| a * self.factors[i % k]).collect();
        Ok(space.combine(z, 1.0, self.vectors.all(), &c)?)
    }
}
