//! Estimators of tr A and of ‖A‖²_F = tr A².

use super::{EstimateError, EstimateEvent, Goal, KnownPairs};
use crate::eigen::{Control, StopReason};
use crate::operator::LinearOperator;

/// Which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// tr A.
    Trace,
    /// ‖A‖²_F, the sum of the squared eigenvalues.
    SquaredNorm,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct TraceRequest<'a> {
    /// Which number.
    pub quantity: Quantity,
    /// When it is good enough.
    pub goal: Goal,
    /// The most products (columns) that may be spent.
    pub max_products: usize,
    /// Seed of the probes.
    pub seed: u64,
    /// Columns multiplied at once.
    pub block: usize,
    /// Eigenpairs that need not be estimated. The estimate is unbiased also where they are not converged, as long as
    /// the vectors are orthonormal and the values their Rayleigh quotients: tr A = Σ uᵀAu + tr PAP for any such basis.
    /// (For the squared norm the same holds up to the squares of their residuals.)
    pub known: Option<KnownPairs<'a>>,
}

impl TraceRequest<'_> {
    /// Refuses requests that no estimator can serve.
    ///
    /// # Errors
    /// Where the goal means nothing, or the budget does not allow two samples.
    pub fn check(&self) -> Result<(), EstimateError> {
        self.goal.check()?;
        if self.max_products < 2 {
            return Err(EstimateError::request("budget of products", "at least 2", self.max_products));
        }
        Ok(())
    }
}

/// A number with its error.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceEstimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error over random probes; zero where it is exact.
    pub standard_error: f64,
    /// Half the width of the confidence interval of the goal.
    pub half_width: f64,
    /// Samples that the error was computed from.
    pub samples: usize,
    /// Columns multiplied.
    pub products: usize,
    /// The part that known eigenpairs gave, without error.
    pub known_part: f64,
    /// How many known eigenpairs there were.
    pub known_pairs: usize,
    /// Why it ended.
    pub reason: StopReason,
    /// What a reader should know.
    pub remarks: Vec<String>,
}

impl TraceEstimate {
    /// Half the width of the interval ÷ |estimate|.
    pub fn relative_error(&self) -> f64 {
        if self.half_width == 0.0 { 0.0 } else { self.half_width / self.value.abs() }
    }
}

/// An algorithm for traces.
pub trait TraceEstimator: Send + Sync {
    /// Estimates until the goal is reached, the budget is spent or the observer stops it; returns what it has.
    ///
    /// # Errors
    /// Where the request is senseless, the operator fails or is not finite, or it is stopped before two samples.
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &TraceRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<TraceEstimate, EstimateError>;
}
