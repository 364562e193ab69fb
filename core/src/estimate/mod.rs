//! What is estimated from random probes: traces, norms, diagonals and densities, each with its error.
//!
//! The traits are here, and everything that every estimator needs and that is easy to get subtly wrong: probes with a
//! stream of their own, the complement of known eigenvectors, Student's quantiles, resampling of the data. The
//! estimators themselves are plugins, and the registry lists them.
//!
//! Three errors are kept apart everywhere, because no one of them can be seen in another: the *solver residual* of an
//! eigenpair, the *probe noise* of an estimate (its standard error over random probes), and the *data sampling* error
//! (how far the number would move with other samples of the same population; [`resampling`]).
//!
//! Decided against: one trait for all estimators (their results have nothing in common but an error), and stopping when
//! the running mean no longer moves (it stands still by chance, and moves by 1/i whatever the variance).

pub mod complement;
pub mod density;
mod diagonal;
mod error;
pub mod probes;
pub mod resampling;
pub mod statistics;
mod trace;

pub use density::{Density, DensityEstimator, DensityRequest, ProbeQuadrature};
pub use diagonal::{DiagonalEstimate, DiagonalEstimator, DiagonalRequest};
pub use error::EstimateError;
pub use trace::{Quantity, TraceEstimate, TraceEstimator, TraceRequest};

use crate::vectors::View;

/// When an estimate is good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Half the width of the confidence interval ÷ |estimate|.
    pub relative_error: f64,
    /// Confidence of the interval, in (0, 1).
    pub confidence: f64,
    /// Samples before the goal is looked at; at least two. A variance of a few samples is itself noise.
    pub least_samples: usize,
}

impl Default for Goal {
    fn default() -> Self {
        Goal { relative_error: 0.01, confidence: 0.95, least_samples: 10 }
    }
}

impl Goal {
    /// Refuses a goal that means nothing.
    ///
    /// # Errors
    /// Where the relative error is not positive, the confidence is not in (0, 1), or there are fewer than two samples.
    pub fn check(&self) -> Result<(), EstimateError> {
        let fail = |what, expected: &str, found: String| {
            Err(EstimateError::Request { what, expected: expected.to_string(), found })
        };
        if !(self.relative_error > 0.0 && self.relative_error.is_finite()) {
            return fail("relative error", "a positive number", self.relative_error.to_string());
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return fail("confidence", "a number between 0 and 1", self.confidence.to_string());
        }
        if self.least_samples < 2 {
            return fail("least number of samples", "at least 2", self.least_samples.to_string());
        }
        Ok(())
    }

    /// Half the width of the interval of a mean of this standard error over so many samples.
    pub fn half_width(&self, standard_error: f64, samples: usize) -> f64 {
        if standard_error == 0.0 {
            return 0.0;
        }
        statistics::student_t(self.confidence, samples.saturating_sub(1)) * standard_error
    }

    /// Whether a mean is good enough. A zero with error zero is.
    pub fn reached(&self, value: f64, standard_error: f64, samples: usize) -> bool {
        samples >= self.least_samples && self.half_width(standard_error, samples) <= self.relative_error * value.abs()
    }
}

/// Eigenpairs that are already known: orthonormal vectors with their Rayleigh quotients.
#[derive(Debug, Clone)]
pub struct KnownPairs<'a> {
    /// vᵀAv, one for each column.
    pub values: &'a [f64],
    /// Orthonormal columns.
    pub vectors: View<'a>,
}

/// What happens while an estimator runs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum EstimateEvent {
    /// More products are done.
    Products {
        /// So far.
        done: usize,
        /// At most.
        most: usize,
    },
    /// There is an estimate.
    Estimate {
        /// Products so far.
        done: usize,
        /// At most.
        most: usize,
        /// Half the width of the confidence interval ÷ |estimate|.
        relative_error: f64,
    },
}
