//! Acceptance: the wanted vectors are multiplied once more, and their residuals measured.
//!
//! Every iteration has its own estimate of a residual: a recurrence's β·|s|, or a combination of products formed earlier.
//! In f32, with products that carry noise, or with an operator that is not symmetric, it is smaller than the truth; and
//! these are the cases in which a person most needs the truth. So the k wanted vectors are multiplied as one block: k
//! products, which share their forward pass where the backend can. An iteration that knows what these products should be
//! can have all of them verified by three random combinations instead ([`crate::krylov::Basis::confirm`]).

use crate::counted::{Counted, require_finite};
use crate::projected::Projected;
use crate::state::{bytes_to_columns, columns_to_bytes};
use hesse_core::eigen::{EigenPair, EigenResult, EigenStatistics, SolverError, StopReason};
use hesse_core::vectors::{Block, VectorError, VectorSpace, View, norms};
use serde::{Deserialize, Serialize};

/// Vectors as an iteration leaves them, with what it believes of them.
#[derive(Debug)]
pub struct Candidates {
    /// Orthonormal to rounding: the largest first (largest first), then the smallest (smallest first).
    pub vectors: Block,
    /// Their Ritz values.
    pub values: Vec<f64>,
    /// Estimates of ‖Av − θv‖, not divided by anything.
    pub lengths: Vec<f64>,
    /// How many of them are largest ones.
    pub largest: usize,
}

/// Wanted vectors with what is known of them.
pub struct Measured {
    /// Orthonormal columns in the order of the candidates.
    pub vectors: Block,
    /// Av − ρv in the same order, where recomputed.
    pub residuals: Option<Block>,
    /// VᵀAV, where all columns were recomputed.
    pub projected: Vec<f64>,
    /// How many are largest ones.
    pub largest: usize,
    /// Rayleigh quotients.
    pub values: Vec<f64>,
    /// ‖Av − ρv‖, not divided by anything.
    pub lengths: Vec<f64>,
    /// How many of the leading columns have a residual that fresh products stand for.
    pub verified: usize,
}

/// Measured vectors as data, without what only the next moment needs.
#[derive(Serialize, Deserialize)]
pub struct SavedMeasured {
    vectors: Vec<u8>,
    largest: usize,
    values: Vec<f64>,
    lengths: Vec<f64>,
    verified: usize,
}

impl Measured {
    /// The candidates as their iteration sees them. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn estimated(space: &dyn VectorSpace, candidates: Candidates) -> Result<Self, SolverError> {
        let Candidates { vectors, values, lengths, largest } = candidates;
        let vectors = polished(space, vectors)?.0;
        Ok(Measured { vectors, residuals: None, projected: Vec::new(), largest, values, lengths, verified: 0 })
    }

    /// Multiplies the first `most` of the candidates anew; the others keep their estimates. At most k products.
    ///
    /// # Errors
    /// Where a product fails or is not finite.
    pub fn recomputed(counted: &mut Counted<'_>, candidates: Candidates, most: usize) -> Result<Self, SolverError> {
        let Candidates { vectors, mut values, mut lengths, largest } = candidates;
        let (k, space) = (vectors.columns(), counted.space);
        let count = k.min(most);
        let (vectors, mut images) = polished(space, vectors)?;
        let before = counted.statistics.products;
        counted.apply(vectors.view(0..count), images.view_mut(0..count))?;
        let projected = space.gram(vectors.all(), images.view(0..count))?;
        counted.statistics.inner_products += k * count;
        require_finite(&projected, k, before)?;
        for (column, entries) in projected.chunks_exact(k.max(1)).enumerate() {
            values[column] = entries[column];
            let (image, vector) = (images.view_mut(column..column + 1), vectors.view(column..column + 1));
            space.combine(image, 1.0, vector, &[-entries[column]])?;
        }
        for (length, measured) in lengths.iter_mut().zip(norms(space, images.view(0..count))?) {
            *length = measured;
        }
        counted.statistics.inner_products += count;
        counted.observe_values(&values);
        Ok(Measured { vectors, residuals: Some(images), projected, largest, values, lengths, verified: count })
    }

    /// The largest residual relative to the norm `scale`; infinite where one was not verified.
    pub fn worst(&self, scale: f64) -> f64 {
        if self.verified < self.lengths.len() {
            return f64::INFINITY;
        }
        self.lengths.iter().fold(0.0, |m, &l| m.max(relative(l, scale)))
    }

    /// Columns and residual lengths, longest residual first.
    pub fn by_length(&self) -> Vec<(usize, f64)> {
        let mut order: Vec<(usize, f64)> = self.lengths.iter().copied().enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        order
    }

    /// What a solver returns. A pair has converged only if its residual was verified.
    pub fn into_result(self, tolerance: f64, reason: StopReason, statistics: EigenStatistics) -> EigenResult {
        let mut pairs: Vec<EigenPair> = (0..self.values.len())
            .map(|column| {
                let residual = relative(self.lengths[column], statistics.norm_estimate);
                let converged = column < self.verified && residual <= tolerance;
                EigenPair { value: self.values[column], residual, converged, column }
            })
            .collect();
        let mut smallest = pairs.split_off(self.largest);
        // Rayleigh quotients may be in another order than Ritz values by rounding.
        pairs.sort_by(|a, b| b.value.total_cmp(&a.value));
        smallest.sort_by(|a, b| a.value.total_cmp(&b.value));
        EigenResult { largest: pairs, smallest, vectors: self.vectors, reason, statistics, remarks: Vec::new() }
    }

    /// As data.
    ///
    /// # Errors
    /// Where a vector cannot be read.
    pub fn save(&self, space: &dyn VectorSpace) -> Result<SavedMeasured, SolverError> {
        Ok(SavedMeasured {
            vectors: columns_to_bytes(space, self.vectors.all())?,
            largest: self.largest,
            values: self.values.clone(),
            lengths: self.lengths.clone(),
            verified: self.verified,
        })
    }

    /// From data.
    ///
    /// # Errors
    /// Where it does not fit the space.
    pub fn restore(space: &dyn VectorSpace, saved: SavedMeasured) -> Result<Self, SolverError> {
        let SavedMeasured { vectors: bytes, largest, values, lengths, verified } = saved;
        let mut vectors = space.zeros(values.len())?;
        bytes_to_columns(space, &bytes, &mut vectors, values.len())?;
        let (largest, verified) = (largest.min(values.len()), verified.min(values.len()));
        if lengths.len() != values.len() {
            return Err(crate::state::misfit("as many residuals as eigenvalues", lengths.len().to_string()));
        }
        Ok(Measured { vectors, residuals: None, projected: Vec::new(), largest, values, lengths, verified })
    }
}

/// `length / scale`; zero where both are, as for a zero operator.
pub fn relative(length: f64, scale: f64) -> f64 {
    if length == 0.0 { 0.0 } else { length / scale }
}

/// Vectors that are orthonormal to a few roundings made so to one, and a second block of that size.
///
/// In f32 each contraction of a basis adds an epsilon to ‖VᵀV − I‖. One step of the Newton–Schulz iteration for the
/// polar factor, `Y ← Y (3I − YᵀY) / 2`, takes that away again: it squares the deviation and moves Y as little as any
/// orthonormalisation can, which Gram–Schmidt does not.
pub(crate) fn polished(space: &dyn VectorSpace, raw: Block) -> Result<(Block, Block), VectorError> {
    let k = raw.columns();
    let mut correction = space.gram(raw.all(), raw.all())?;
    for (at, entry) in correction.iter_mut().enumerate() {
        let unit = if at % k == at / k { 3.0 } else { 0.0 };
        *entry = 0.5 * (unit - *entry);
    }
    let mut vectors = space.zeros(k)?;
    space.combine(vectors.all_mut(), 0.0, raw.all(), &correction)?;
    Ok((vectors, raw))
}

/// Rayleigh–Ritz: the eigenpairs of SᵀAS, from an orthonormal S and its products, ascending.
///
/// # Errors
/// Where block arithmetic or the small eigenproblem fails.
pub fn rayleigh_ritz(
    counted: &mut Counted<'_>,
    s: View<'_>,
    image: View<'_>,
) -> Result<crate::projected::Ritz, SolverError> {
    let size = s.len();
    let entries = counted.space.gram(s, image)?;
    counted.statistics.inner_products += size * size;
    let ritz = Projected::symmetric(size, &entries).eigen(size)?;
    counted.observe_values(&ritz.values);
    Ok(ritz)
}
