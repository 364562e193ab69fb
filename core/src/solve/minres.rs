//! MINRES (Paige and Saunders 1975): the smallest residual over the Krylov space, for any symmetric operator.

use super::precondition::Preconditioner;
use super::{NegativeCurvature, Observe, Run, Solution, SolveError, SolveReason, SolveRequest};
use crate::eigen::Control;
use crate::operator::LinearOperator;
use crate::vectors::{Block, VectorSpace, View};

/// Multiple of the rounding unit, relative to ‖A‖, at which a number of the recurrence counts as zero.
const NOTHING: f64 = 16.0;

/// Solves A x = b from x = 0 for a symmetric A that may be indefinite or singular. For a singular consistent system it
/// finds a solution; for an inconsistent one a least-squares solution, and says so.
///
/// Each step costs one product, each recomputed residual another; memory for eight vectors. With a preconditioner (which
/// must be positive definite) the residual is smallest in the norm of its inverse, and so is the history.
///
/// # Errors
/// As [`conjugate_gradients`](super::conjugate_gradients).
pub fn minres(
    operator: &dyn LinearOperator,
    b: View<'_>,
    request: &SolveRequest,
    preconditioner: Option<&dyn Preconditioner>,
    observe: &mut Observe<'_>,
) -> Result<Solution, SolveError> {
    Run::new(operator, b, *request)?.cycles(|run| cycle(run, preconditioner, observe))
}

/// z = M⁻¹ r and rᵀz.
fn precondition(
    space: &dyn VectorSpace,
    preconditioner: Option<&dyn Preconditioner>,
    r: &Block,
    z: &mut Block,
) -> Result<f64, SolveError> {
    match preconditioner {
        Some(preconditioner) => preconditioner.apply(space, r.all(), z.all_mut())?,
        None => space.copy(r.all(), z.all_mut())?,
    }
    let rz = space.gram(r.all(), z.all())?[0];
    if rz.is_nan() || rz < 0.0 { Err(SolveError::Preconditioner(rz)) } else { Ok(rz) }
}

fn cycle(
    run: &mut Run<'_>,
    preconditioner: Option<&dyn Preconditioner>,
    observe: &mut Observe<'_>,
) -> Result<(SolveReason, Option<NegativeCurvature>), SolveError> {
    let space = run.space();
    let nothing = NOTHING * space.precision().epsilon();
    let one = || space.zeros(1);
    // Lanczos vectors before preconditioning (this and the last), after it, and the directions of x.
    let (mut r1, mut r2, mut z, mut v, mut y) = (one()?, one()?, one()?, one()?, one()?);
    let (mut w, mut w1, mut w2) = (one()?, one()?, one()?);
    space.copy(run.r.all(), r2.all_mut())?;
    let beta1 = precondition(space, preconditioner, &r2, &mut z)?.sqrt();
    // The residual in this norm, by which the recurrence's own is measured.
    let begun = run.residual;
    let (mut beta, mut old_beta) = (beta1, 0.0f64);
    let (mut dbar, mut epsilon, mut phibar) = (0.0f64, 0.0f64, beta1);
    let (mut cs, mut sn) = (-1.0f64, 0.0f64);
    let mut square = 0.0f64;
    let mut first = true;
    loop {
        if run.residual <= run.request.tolerance {
            return Ok((SolveReason::Converged, None));
        }
        if !run.may_go_on() {
            return Ok((SolveReason::ProductLimit, None));
        }
        space.combine(v.all_mut(), 0.0, z.all(), &[1.0 / beta])?;
        run.product(&v, &mut y)?;
        if !first {
            space.combine(y.all_mut(), 1.0, r1.all(), &[-beta / old_beta])?;
        }
        let alpha = space.gram(v.all(), y.all())?[0];
        space.combine(y.all_mut(), 1.0, r2.all(), &[-alpha / beta])?;
        std::mem::swap(&mut r1, &mut r2);
        std::mem::swap(&mut r2, &mut y);
        old_beta = beta;
        beta = precondition(space, preconditioner, &r2, &mut z)?.sqrt();
        square += alpha * alpha + old_beta * old_beta * if first { 0.0 } else { 1.0 } + beta * beta;
        first = false;
        let norm = square.sqrt();

        // The last rotation applied to the new column, then the next one.
        let old_epsilon = epsilon;
        let delta = cs * dbar + sn * alpha;
        let gbar = sn * dbar - cs * alpha;
        epsilon = sn * beta;
        dbar = -cs * beta;
        // ‖A r‖ / (‖A‖ ‖r‖): zero where nothing of the residual can be reached.
        if gbar.hypot(dbar) <= nothing * norm {
            return Ok((SolveReason::LeastSquares, None));
        }
        let gamma = gbar.hypot(beta);
        cs = gbar / gamma;
        sn = beta / gamma;
        let phi = cs * phibar;
        phibar *= sn;

        // w ← (v − ε w₁ − δ w₂) / γ, the older ones moving down.
        std::mem::swap(&mut w1, &mut w2);
        std::mem::swap(&mut w2, &mut w);
        space.combine(w.all_mut(), 0.0, v.all(), &[1.0 / gamma])?;
        space.combine(w.all_mut(), 1.0, w1.all(), &[-old_epsilon / gamma])?;
        space.combine(w.all_mut(), 1.0, w2.all(), &[-delta / gamma])?;
        space.combine(run.x.all_mut(), 1.0, w.all(), &[phi])?;

        run.iterations += 1;
        run.residual = begun * (phibar / beta1).abs();
        run.history.push(run.residual);
        if observe(run.products, run.residual) == Control::Stop {
            return Ok((SolveReason::Interrupted, None));
        }
        if beta <= nothing * norm && run.residual > run.request.tolerance {
            // The Krylov space is invariant: what remains cannot be reached.
            return Ok((SolveReason::LeastSquares, None));
        }
    }
}
