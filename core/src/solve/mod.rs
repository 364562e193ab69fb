//! Linear systems with an operator: A x = b for Newton steps, trust regions and influence.
//!
//! [`conjugate_gradients`] for what should be positive definite: it stops where the curvature along its direction is not
//! positive and returns that direction, because for a Hessian this is news and not an accident. [`minres`] for indefinite
//! and singular systems. A damped system is either of them on [`Shifted`](crate::operator::Shifted). Preconditioners are
//! in [`precondition`].
//!
//! Tolerances are relative to ‖b‖, thresholds to ‖A‖ as the iteration sees it; a system scaled by 1e±8 takes the same
//! steps. The residual that is reported has been recomputed with a fresh product; where the recurrence and the truth part
//! ways the iteration begins again from the truth, and says so where that no longer helps.
//!
//! Decided against: LiSSA and other stationary iterations (CG needs no step size and is never slower), and blocks of
//! right-hand sides (nothing here has more than one).

mod cg;
mod minres;
pub mod precondition;
#[cfg(test)]
mod tests;

pub use cg::conjugate_gradients;
pub use minres::minres;

use crate::eigen::Control;
use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, VectorError, VectorSpace, View, norms};
use thiserror::Error;

/// How exact, and at what price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolveRequest {
    /// Bound on ‖b − Ax‖ / ‖b‖.
    pub tolerance: f64,
    /// The most products, those that recompute residuals included.
    pub max_products: usize,
}

impl Default for SolveRequest {
    fn default() -> Self {
        SolveRequest { tolerance: 1e-6, max_products: 1000 }
    }
}

/// Why a solve ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SolveReason {
    /// The recomputed residual is within the tolerance.
    Converged,
    /// pᵀAp < 0 for a search direction p of conjugate gradients; see [`Solution::negative`].
    NegativeCurvature,
    /// pᵀAp is zero to rounding: along p the system says nothing.
    FlatDirection,
    /// b is not in the range of A; x is a least-squares solution.
    LeastSquares,
    /// The residual no longer falls: the tolerance is below what the rounding of the products allows.
    Stagnated,
    /// The budget of products is spent.
    ProductLimit,
    /// The observer asked to stop.
    Interrupted,
}

impl std::fmt::Display for SolveReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SolveReason::Converged => "converged",
            SolveReason::NegativeCurvature => "a direction of negative curvature",
            SolveReason::FlatDirection => "a direction without curvature",
            SolveReason::LeastSquares => "the right-hand side is not in the range: least squares",
            SolveReason::Stagnated => "the residual no longer falls",
            SolveReason::ProductLimit => "the budget of products is spent",
            SolveReason::Interrupted => "interrupted",
        })
    }
}

/// A direction along which the operator curves downwards.
#[derive(Debug)]
pub struct NegativeCurvature {
    /// A unit vector p, one column.
    pub direction: Block,
    /// pᵀAp.
    pub curvature: f64,
}

/// What was found, converged or not.
#[derive(Debug)]
pub struct Solution {
    /// One column.
    pub x: Block,
    /// ‖b − Ax‖ / ‖b‖, recomputed.
    pub residual: f64,
    /// The recurrence's ‖b − Ax‖ / ‖b‖ before each step, 1 first (for [`minres`] with a preconditioner, in its norm).
    pub history: Vec<f64>,
    /// Steps taken.
    pub iterations: usize,
    /// Products spent.
    pub products: usize,
    /// Why it ended.
    pub reason: SolveReason,
    /// Where the operator was found to curve downwards.
    pub negative: Option<NegativeCurvature>,
}

/// A solve that came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SolveError {
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
    /// The preconditioner is not positive definite.
    #[error("preconditioner: expected rᵀM⁻¹r above 0, found {0:e}")]
    Preconditioner(f64),
    /// The operator failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// A product is NaN or infinite.
    #[error("product {product} of the operator is not finite")]
    NotFinite {
        /// Which one.
        product: usize,
    },
}

/// Someone who is told products and relative residual after each step, and may stop it.
pub type Observe<'a> = dyn FnMut(usize, f64) -> Control + 'a;

impl SolveRequest {
    fn check(&self, space: &dyn VectorSpace, b: &View<'_>) -> Result<(), SolveError> {
        let fail = |what, expected: &str, found: String| {
            Err(SolveError::Request { what, expected: expected.to_string(), found })
        };
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return fail("tolerance", "a positive number", self.tolerance.to_string());
        }
        if b.len() != 1 || b.block.rows() != space.dimension() {
            let found = format!("{} × {}", b.block.rows(), b.len());
            return fail("right-hand side", "one column of the operator's space", found);
        }
        Ok(())
    }
}

/// What both methods share: the system, the sums so far, and the truth about the residual.
struct Run<'a> {
    operator: &'a dyn LinearOperator,
    b: View<'a>,
    b_norm: f64,
    request: SolveRequest,
    x: Block,
    /// b − Ax as last recomputed.
    r: Block,
    /// Its norm ÷ ‖b‖.
    residual: f64,
    history: Vec<f64>,
    iterations: usize,
    products: usize,
    /// The largest ‖Ap‖/‖p‖ seen.
    norm: f64,
}

impl<'a> Run<'a> {
    fn new(operator: &'a dyn LinearOperator, b: View<'a>, request: SolveRequest) -> Result<Self, SolveError> {
        let space = operator.space();
        request.check(space, &b)?;
        let b_norm = norms(space, b.clone())?[0];
        if !b_norm.is_finite() {
            let found = b_norm.to_string();
            return Err(SolveError::Request { what: "right-hand side", expected: "finite numbers".into(), found });
        }
        let (x, mut r) = (space.zeros(1)?, space.zeros(1)?);
        space.copy(b.clone(), r.all_mut())?;
        let residual = if b_norm > 0.0 { 1.0 } else { 0.0 };
        let history = vec![residual];
        Ok(Run { operator, b, b_norm, request, x, r, residual, history, iterations: 0, products: 0, norm: 0.0 })
    }

    fn space(&self) -> &'a dyn VectorSpace {
        self.operator.space()
    }

    /// Whether another step leaves a product for the residual.
    fn may_go_on(&self) -> bool {
        self.products + 1 < self.request.max_products
    }

    fn product(&mut self, p: &Block, q: &mut Block) -> Result<(), SolveError> {
        self.operator.apply(p.all(), q.all_mut())?;
        self.products += 1;
        let (from, to) = (norms(self.space(), p.all())?[0], norms(self.space(), q.all())?[0]);
        if !to.is_finite() {
            return Err(SolveError::NotFinite { product: self.products });
        }
        if from > 0.0 {
            self.norm = self.norm.max(to / from);
        }
        Ok(())
    }

    /// Recomputes b − Ax.
    fn recompute(&mut self) -> Result<f64, SolveError> {
        let space = self.space();
        self.operator.apply(self.x.all(), self.r.all_mut())?;
        self.products += 1;
        space.combine(self.r.all_mut(), -1.0, self.b.clone(), &[1.0])?;
        let norm = norms(space, self.r.all())?[0];
        if !norm.is_finite() {
            return Err(SolveError::NotFinite { product: self.products });
        }
        self.residual = if self.b_norm > 0.0 { norm / self.b_norm } else { 0.0 };
        Ok(self.residual)
    }

    fn finish(self, reason: SolveReason, negative: Option<NegativeCurvature>) -> Solution {
        let Run { x, residual, history, iterations, products, .. } = self;
        Solution { x, residual, history, iterations, products, reason, negative }
    }

    /// Repeats `cycle`, which takes steps from the present x and r until it believes to be done, until it is.
    fn cycles(
        mut self,
        mut cycle: impl FnMut(&mut Self) -> Result<(SolveReason, Option<NegativeCurvature>), SolveError>,
    ) -> Result<Solution, SolveError> {
        if self.b_norm == 0.0 {
            return Ok(self.finish(SolveReason::Converged, None));
        }
        loop {
            let (before, steps) = (self.residual, self.iterations);
            let (reason, negative) = cycle(&mut self)?;
            if self.iterations > steps {
                self.recompute()?;
            }
            let met = self.residual <= self.request.tolerance;
            let reason = match reason {
                SolveReason::NegativeCurvature => reason,
                _ if met => SolveReason::Converged,
                // The recurrence was wrong: begin again from the truth while that helps.
                SolveReason::Converged if self.residual <= 0.5 * before && self.may_go_on() => continue,
                SolveReason::Converged if self.residual <= 0.5 * before => SolveReason::ProductLimit,
                SolveReason::Converged => SolveReason::Stagnated,
                other => other,
            };
            return Ok(self.finish(reason, negative));
        }
    }
}
