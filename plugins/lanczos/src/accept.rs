//! Acceptance: the wanted vectors are multiplied once more, and their residuals measured.
//!
//! The recurrence's estimate β·|s| is exact in exact arithmetic for an exactly symmetric operator. In f32, with products
//! that carry noise, or with an operator that is not symmetric, it is smaller than the truth; and these are the cases in
//! which a person most needs the truth. So the k wanted vectors are multiplied as one block: k products, which share
//! their forward pass where the backend can.

use crate::basis::Basis;
use crate::projected::Ritz;
use crate::restart::Wanted;
use hesse_core::eigen::{EigenPair, EigenResult, EigenStatistics, SolverError, StopReason};
use hesse_core::vectors::{Block, norms};
use std::time::Instant;

/// Wanted vectors with what is known of them.
pub(crate) struct Measured {
    /// Orthonormal columns in the order of [`Wanted::indices`].
    pub vectors: Block,
    /// Ay − ρy in the same order, where recomputed.
    pub residuals: Option<Block>,
    /// YᵀAY, where all columns were recomputed.
    pub projected: Vec<f64>,
    wanted: Wanted,
    /// Rayleigh quotients.
    values: Vec<f64>,
    /// ‖Ay − ρy‖, not divided by anything.
    pub lengths: Vec<f64>,
    /// How many of the leading columns had a fresh product.
    recomputed: usize,
}

impl Measured {
    /// The wanted pairs as the recurrence sees them. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn estimated(basis: &Basis<'_>, ritz: &Ritz, wanted: Wanted) -> Result<Self, SolverError> {
        let vectors = orthonormal(basis, ritz, &wanted.indices)?.0;
        let values = wanted.values(ritz);
        let lengths = wanted.indices.iter().map(|&i| basis.estimate(ritz, i)).collect();
        Ok(Measured { vectors, residuals: None, projected: Vec::new(), wanted, values, lengths, recomputed: 0 })
    }

    /// Multiplies the first `most` of the wanted vectors anew; the others keep their estimates. At most k products.
    ///
    /// # Errors
    /// Where a product fails or is not finite.
    pub fn recomputed(basis: &mut Basis<'_>, ritz: &Ritz, wanted: Wanted, most: usize) -> Result<Self, SolverError> {
        let k = wanted.indices.len();
        let count = k.min(most);
        let mut values = wanted.values(ritz);
        let mut lengths: Vec<f64> = wanted.indices.iter().map(|&i| basis.estimate(ritz, i)).collect();
        let (vectors, mut images) = orthonormal(basis, ritz, &wanted.indices)?;

        let start = Instant::now();
        basis.operator.apply(vectors.view(0..count), images.view_mut(0..count))?;
        basis.statistics.product_seconds += start.elapsed().as_secs_f64();
        let before = basis.statistics.products;
        basis.statistics.products += count;

        let projected = basis.space.gram(vectors.all(), images.view(0..count))?;
        basis.statistics.inner_products += k * count;
        for (column, entries) in projected.chunks_exact(k).enumerate() {
            if !entries.iter().all(|e| e.is_finite()) {
                return Err(SolverError::NotFinite { product: before + column + 1 });
            }
            values[column] = entries[column];
            let (image, vector) = (images.view_mut(column..column + 1), vectors.view(column..column + 1));
            basis.space.combine(image, 1.0, vector, &[-entries[column]])?;
        }
        for (length, measured) in lengths.iter_mut().zip(norms(basis.space, images.view(0..count))?) {
            *length = measured;
        }
        basis.statistics.inner_products += count;
        basis.observe_values(&values);
        Ok(Measured { vectors, residuals: Some(images), projected, wanted, values, lengths, recomputed: count })
    }

    /// The largest residual relative to the norm `scale`; infinite where one was not recomputed.
    pub fn worst(&self, scale: f64) -> f64 {
        if self.recomputed < self.lengths.len() {
            return f64::INFINITY;
        }
        self.lengths.iter().fold(0.0, |m, &l| m.max(relative(l, scale)))
    }

    /// The pair with the largest residual.
    pub fn worst_index(&self) -> usize {
        let largest = |best: usize, i: usize| if self.lengths[i] > self.lengths[best] { i } else { best };
        (0..self.lengths.len()).fold(0, largest)
    }

    /// What the solver returns. A pair has converged only if its residual was recomputed.
    pub fn into_result(self, tolerance: f64, reason: StopReason, statistics: EigenStatistics) -> EigenResult {
        let mut pairs: Vec<EigenPair> = (0..self.values.len())
            .map(|column| {
                let residual = relative(self.lengths[column], statistics.norm_estimate);
                let converged = column < self.recomputed && residual <= tolerance;
                EigenPair { value: self.values[column], residual, converged, column }
            })
            .collect();
        let mut smallest = pairs.split_off(self.wanted.largest);
        // Rayleigh quotients may be in another order than Ritz values by rounding.
        pairs.sort_by(|a, b| b.value.total_cmp(&a.value));
        smallest.sort_by(|a, b| a.value.total_cmp(&b.value));
        EigenResult { largest: pairs, smallest, vectors: self.vectors, reason, statistics, remarks: Vec::new() }
    }
}

/// `length / scale`; zero where both are, as for a zero operator.
pub(crate) fn relative(length: f64, scale: f64) -> f64 {
    if length == 0.0 { 0.0 } else { length / scale }
}

/// The Ritz vectors of these indices, orthonormal to rounding, and a second block of that size.
///
/// In f32 each contraction of the basis adds an epsilon to ‖VᵀV − I‖. One step of the Newton–Schulz iteration for the
/// polar factor, `Y ← Y (3I − YᵀY) / 2`, takes that away again: it squares the deviation and moves Y as little as any
/// orthonormalisation can, which Gram–Schmidt does not.
fn orthonormal(basis: &Basis<'_>, ritz: &Ritz, indices: &[usize]) -> Result<(Block, Block), SolverError> {
    let k = indices.len();
    let mut raw = basis.space.zeros(k)?;
    basis.ritz_vectors(ritz, indices, &mut raw)?;
    let mut correction = basis.space.gram(raw.all(), raw.all())?;
    for (at, entry) in correction.iter_mut().enumerate() {
        let unit = if at % k == at / k { 3.0 } else { 0.0 };
        *entry = 0.5 * (unit - *entry);
    }
    let mut vectors = basis.space.zeros(k)?;
    basis.space.combine(vectors.all_mut(), 0.0, raw.all(), &correction)?;
    Ok((vectors, raw))
}
