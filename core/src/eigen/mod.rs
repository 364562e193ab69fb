//! The eigensolver trait, what it is asked, and what it must report.
//!
//! After PRIMME: a solver takes an operator on blocks, how many pairs at which end, a relative tolerance and a budget,
//! and returns pairs with their recomputed residuals together with the bookkeeping that a person needs to trust them.
//! It knows nothing of files, threads or progress bars; it tells an observer, which may also stop it.
//!
//! A solver has one mandatory method. Those that can begin from something ([`Start`]: initial vectors, a saved state) say
//! so and implement [`EigenSolver::solve_from`]. Constraints and known pairs need nothing from a solver: see
//! [`Constrained`].

mod constrained;
mod start;

pub use constrained::Constrained;
pub use start::{Abilities, Start, StateKeeper};

use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, VectorError};
use thiserror::Error;

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct EigenRequest {
    /// How many algebraically largest pairs.
    pub largest: usize,
    /// How many algebraically smallest pairs.
    pub smallest: usize,
    /// Bound on ‖Av − λv‖ / ‖A‖ for each pair, with ‖A‖ the largest |λ| seen.
    pub tolerance: f64,
    /// The most products (columns) that may be spent.
    pub max_products: usize,
    /// Seed of the starting vectors.
    pub seed: u64,
}

/// One eigenpair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EigenPair {
    /// The Rayleigh quotient of the returned unit vector.
    pub value: f64,
    /// ‖Av − λv‖ / |λ₁|, from a fresh product of v, or a bound that fresh products of random combinations of the vectors
    /// have confirmed; λ₁ is the eigenvalue of largest modulus found. Where a solver was stopped before it could verify it,
    /// its own estimate, and `converged` is false.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
    /// Column of the vector in [`EigenResult::vectors`].
    pub column: usize,
}

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// Every wanted pair is within the tolerance.
    Converged,
    /// The budget of products is spent.
    ProductLimit,
    /// The basis spans the whole space; nothing more can be found.
    SpaceExhausted,
    /// The residuals no longer fall: the tolerance is below what the rounding of the products allows.
    Stagnated,
    /// The observer asked to stop.
    Interrupted,
    /// What the solver claims does not hold: see [`EigenResult::remarks`].
    Refuted,
}

impl std::fmt::Display for StopReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            StopReason::Converged => "converged",
            StopReason::ProductLimit => "the budget of products is spent",
            StopReason::SpaceExhausted => "the basis spans the space",
            StopReason::Stagnated => "the residuals no longer fall",
            StopReason::Interrupted => "interrupted",
            StopReason::Refuted => "the solver's claims do not hold",
        })
    }
}

/// Bookkeeping, as PRIMME reports it.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct EigenStatistics {
    /// Columns multiplied by the operator.
    pub products: usize,
    /// Restarts of the basis.
    pub restarts: usize,
    /// Inner products of two vectors.
    pub inner_products: usize,
    /// Gram–Schmidt passes over the basis.
    pub orthogonalizations: usize,
    /// Times the basis became invariant and a new direction was drawn.
    pub breakdowns: usize,
    /// Pairs locked before the end.
    pub locked: usize,
    /// Largest basis held.
    pub basis_size: usize,
    /// Estimate of the operator's norm: the largest |Ritz value| seen.
    pub norm_estimate: f64,
    /// Largest Ritz value seen.
    pub largest_ritz: f64,
    /// Smallest Ritz value seen.
    pub smallest_ritz: f64,
    /// Seconds spent in products.
    pub product_seconds: f64,
    /// Seconds spent in orthogonalisation.
    pub orthogonalization_seconds: f64,
    /// Seconds in all.
    pub seconds: f64,
}

/// What a solver found.
#[derive(Debug)]
pub struct EigenResult {
    /// Largest first.
    pub largest: Vec<EigenPair>,
    /// Smallest first.
    pub smallest: Vec<EigenPair>,
    /// Orthonormal vectors, one column for each pair.
    pub vectors: Block,
    /// Why it ended.
    pub reason: StopReason,
    /// Bookkeeping.
    pub statistics: EigenStatistics,
    /// What a reader of the result should know, such as that recomputed residuals are not those that were claimed.
    pub remarks: Vec<String>,
}

/// What happens while a solver runs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SolverEvent {
    /// One more step; products so far.
    Step {
        /// Columns multiplied.
        products: usize,
    },
    /// A basis was contracted.
    Restart {
        /// Columns multiplied.
        products: usize,
        /// Wanted pairs within the tolerance.
        converged: usize,
        /// The largest residual (relative) among the wanted pairs.
        worst_residual: f64,
    },
}

/// What the observer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop and return what there is.
    Stop,
}

/// A failure inside a solver.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SolverError {
    /// The request makes no sense for this operator.
    #[error("{what}: expected {expected}, found {found}")]
    Request {
        /// Which part of it.
        what: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was asked.
        found: String,
    },
    /// The operator failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// The operator returned NaN or infinity.
    #[error("product {product} of the operator is not finite")]
    NotFinite {
        /// Which one.
        product: usize,
    },
    /// The small projected eigenproblem failed.
    #[error("projected eigenproblem of size {size}: {cause}")]
    Projected {
        /// Its size.
        size: usize,
        /// Why.
        cause: String,
    },
    /// A saved state cannot be continued.
    #[error("saved state: expected {expected}, found {found}")]
    State {
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A solver of another library failed.
    #[error(transparent)]
    Foreign(crate::plugin::Foreign),
}

impl EigenRequest {
    /// Refuses requests that no solver can serve.
    ///
    /// # Errors
    /// Where nothing is wanted, more than the dimension is wanted, or the tolerance is not positive.
    pub fn check(&self, dimension: usize) -> Result<(), SolverError> {
        let wanted = self.largest.saturating_add(self.smallest);
        let fail = |what, expected: String, found: String| Err(SolverError::Request { what, expected, found });
        if wanted == 0 {
            return fail("number of eigenvalues", "at least one".into(), "none".into());
        }
        if wanted > dimension {
            return fail("number of eigenvalues", format!("at most the dimension {dimension}"), wanted.to_string());
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return fail("tolerance", "a positive number".into(), self.tolerance.to_string());
        }
        if self.max_products == 0 {
            return fail("budget of products", "at least one".into(), "zero".into());
        }
        Ok(())
    }
}

/// An algorithm for extreme eigenpairs of a symmetric operator.
pub trait EigenSolver: Send + Sync {
    /// Finds the wanted pairs. Returns what it has, honestly marked, when the budget is spent or the observer stops it.
    ///
    /// # Errors
    /// Where the request is senseless, or the operator fails or is not finite.
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError>;

    /// What it can do beyond [`solve`](Self::solve).
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    /// As [`solve`](Self::solve), from initial vectors or a saved state, keeping states on the way. Called only for what
    /// the [`abilities`](Self::abilities) promise; without any, initial vectors are not used and no state is made.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), and where a state is given that cannot be continued.
    fn solve_from(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        start: Start<'_>,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        start.anew("one that begins anew each time")?;
        self.solve(operator, request, observe)
    }
}
