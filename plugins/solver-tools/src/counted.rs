//! An operator whose products are counted, timed and checked.

use hesse_core::eigen::{EigenStatistics, SolverError};
use hesse_core::operator::LinearOperator;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Block, VectorError, VectorSpace, View, ViewMut};
use std::time::Instant;

/// An operator with the bookkeeping of one run.
pub struct Counted<'a> {
    /// What is multiplied by.
    pub operator: &'a dyn LinearOperator,
    /// Its vectors.
    pub space: &'a dyn VectorSpace,
    /// The bookkeeping.
    pub statistics: EigenStatistics,
    /// The largest ‖Av‖ and |θ| seen: a lower bound on ‖A‖, for the breakdown test.
    pub norm: f64,
    seed: u64,
    draws: u64,
}

impl<'a> Counted<'a> {
    /// Nothing counted yet; `seed` is that of random vectors.
    pub fn new(operator: &'a dyn LinearOperator, seed: u64) -> Self {
        Counted {
            operator,
            space: operator.space(),
            statistics: EigenStatistics {
                largest_ritz: f64::NEG_INFINITY,
                smallest_ritz: f64::INFINITY,
                ..EigenStatistics::default()
            },
            norm: 0.0,
            seed,
            draws: 0,
        }
    }

    /// `Y ← A X`; as many products as columns. Whether they are finite shows in the inner products that every solver forms
    /// next: see [`require_finite`].
    ///
    /// # Errors
    /// Where the product fails.
    pub fn apply(&mut self, x: View<'_>, y: ViewMut<'_>) -> Result<(), SolverError> {
        let start = Instant::now();
        let count = x.len();
        self.operator.apply(x, y)?;
        self.statistics.product_seconds += start.elapsed().as_secs_f64();
        self.statistics.products += count;
        Ok(())
    }

    /// Notes eigenvalue estimates for the norm and the extremes.
    pub fn observe_values(&mut self, values: &[f64]) {
        let s = &mut self.statistics;
        for &value in values {
            s.norm_estimate = s.norm_estimate.max(value.abs());
            s.largest_ritz = s.largest_ritz.max(value);
            s.smallest_ritz = s.smallest_ritz.min(value);
        }
        self.norm = self.norm.max(s.norm_estimate);
    }

    /// The machine epsilon of the vectors.
    pub fn epsilon(&self) -> f64 {
        self.space.precision().epsilon()
    }

    /// Random vectors drawn so far: what a saved state has to know of the random numbers.
    pub fn draws(&self) -> u64 {
        self.draws
    }

    /// Goes on with the random numbers of a saved state.
    pub fn set_draws(&mut self, draws: u64) {
        self.draws = draws;
    }

    /// Writes a Gaussian vector of unit length to a column.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn draw(&mut self, to: &mut Block, column: usize) -> Result<(), VectorError> {
        let mut stream = Stream::new(self.seed, Purpose::StartVector, self.draws);
        self.draws += 1;
        let values: Vec<f64> = (0..self.space.dimension()).map(|_| stream.normal()).collect();
        let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        self.space.write(to, column, &values)?;
        self.space.scale(to.view_mut(column..column + 1), &[1.0 / length])
    }

    /// Gaussian numbers. Counts as one draw.
    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        let mut stream = Stream::new(self.seed, Purpose::Probe, self.draws);
        self.draws += 1;
        (0..count).map(|_| stream.normal()).collect()
    }
}

/// Refuses inner products that are not finite: the columns of `entries` (of `rows` each) belong to the products after
/// number `before`.
///
/// # Errors
/// Names the first product that is not finite.
pub fn require_finite(entries: &[f64], rows: usize, before: usize) -> Result<(), SolverError> {
    match entries.iter().position(|e| !e.is_finite()) {
        None => Ok(()),
        Some(at) => Err(SolverError::NotFinite { product: before + at / rows.max(1) + 1 }),
    }
}
