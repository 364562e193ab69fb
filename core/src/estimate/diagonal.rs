//! Estimators of the diagonal of a matrix of which only products are known.

use super::{EstimateError, EstimateEvent, Goal};
use crate::eigen::{Control, StopReason};
use crate::operator::LinearOperator;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiagonalRequest {
    /// When it is good enough: √Σ s.e.² ÷ ‖diag‖, the expected Euclidean error, against its relative error. The sum over
    /// many entries hardly varies, so the confidence plays no part.
    pub goal: Goal,
    /// The most products (columns) that may be spent.
    pub max_products: usize,
    /// Seed of the probes.
    pub seed: u64,
    /// Columns multiplied at once.
    pub block: usize,
}

impl DiagonalRequest {
    /// Refuses requests that no estimator can serve.
    ///
    /// # Errors
    /// Where the goal means nothing, or the budget does not allow two samples.
    pub fn check(&self) -> Result<(), EstimateError> {
        self.goal.check()?;
        if self.max_products < 4 {
            return Err(EstimateError::request("budget of products", "at least 4", self.max_products));
        }
        Ok(())
    }
}

/// A diagonal with the error of each entry.
#[derive(Debug, Clone, PartialEq)]
pub struct DiagonalEstimate {
    /// The entries, in the order of the vectors' entries.
    pub values: Vec<f64>,
    /// Standard error of each entry over random probes.
    pub standard_errors: Vec<f64>,
    /// Samples that the errors were computed from.
    pub samples: usize,
    /// Columns multiplied.
    pub products: usize,
    /// Why it ended.
    pub reason: StopReason,
}

impl DiagonalEstimate {
    /// ‖diag‖ and √Σ s.e.², the expected Euclidean error.
    pub fn norms(&self) -> (f64, f64) {
        let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        (norm(&self.values), norm(&self.standard_errors))
    }
}

/// An algorithm for diagonals.
pub trait DiagonalEstimator: Send + Sync {
    /// Estimates until the goal is reached, the budget is spent or the observer stops it; returns what it has.
    ///
    /// # Errors
    /// Where the request is senseless, the operator fails or is not finite, or it is stopped before two samples.
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &DiagonalRequest,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<DiagonalEstimate, EstimateError>;
}
