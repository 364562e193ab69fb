//! Conjugate gradients (Hestenes and Stiefel 1952), preconditioned, with a check of the curvature.

use super::precondition::Preconditioner;
use super::{NegativeCurvature, Observe, Run, Solution, SolveError, SolveReason, SolveRequest};
use crate::eigen::Control;
use crate::operator::LinearOperator;
use crate::vectors::{View, norms};

/// Multiple of the rounding unit times ‖A‖ below which a curvature is not told from zero.
const FLAT: f64 = 4.0;

/// What a cycle believes, with the direction of negative curvature where it found one.
type Belief = (SolveReason, Option<NegativeCurvature>);

/// Solves A x = b from x = 0 while A is positive definite along every direction that it visits.
///
/// In exact arithmetic it ends after as many steps as A (preconditioned) has distinct eigenvalues in b. Each step costs
/// one product, each recomputed residual another. Where pᵀAp ≤ 0 it stops, with x as it was before that step and the
/// direction p itself: what a trust region or a saddle-free step goes along.
///
/// # Errors
/// Where the request does not fit, a product fails or is not finite, or the preconditioner is not positive definite.
pub fn conjugate_gradients(
    operator: &dyn LinearOperator,
    b: View<'_>,
    request: &SolveRequest,
    preconditioner: Option<&dyn Preconditioner>,
    observe: &mut Observe<'_>,
) -> Result<Solution, SolveError> {
    Run::new(operator, b, *request)?.cycles(|run| cycle(run, preconditioner, observe))
}

fn cycle(
    run: &mut Run<'_>,
    preconditioner: Option<&dyn Preconditioner>,
    observe: &mut Observe<'_>,
) -> Result<Belief, SolveError> {
    let space = run.space();
    let epsilon = space.precision().epsilon();
    let (mut z, mut p, mut q) = (space.zeros(1)?, space.zeros(1)?, space.zeros(1)?);
    let mut last = 0.0;
    loop {
        if run.residual <= run.request.tolerance {
            return Ok((SolveReason::Converged, None));
        }
        if !run.may_go_on() {
            return Ok((SolveReason::ProductLimit, None));
        }
        match preconditioner {
            Some(preconditioner) => preconditioner.apply(space, run.r.all(), z.all_mut())?,
            None => space.copy(run.r.all(), z.all_mut())?,
        }
        let rz = space.gram(run.r.all(), z.all())?[0];
        if rz.is_nan() || rz <= 0.0 {
            return Err(SolveError::Preconditioner(rz));
        }
        let beta = if last > 0.0 { rz / last } else { 0.0 };
        space.combine(p.all_mut(), beta, z.all(), &[1.0])?;
        last = rz;
        run.product(&p, &mut q)?;

        let length = norms(space, p.all())?[0];
        let pq = space.gram(p.all(), q.all())?[0];
        let curvature = pq / length / length;
        let rounding = FLAT * epsilon * run.norm;
        if curvature < -rounding {
            space.scale(p.all_mut(), &[1.0 / length])?;
            return Ok((SolveReason::NegativeCurvature, Some(NegativeCurvature { direction: p, curvature })));
        }
        if curvature <= rounding {
            return Ok((SolveReason::FlatDirection, None));
        }
        let step = rz / pq;
        space.combine(run.x.all_mut(), 1.0, p.all(), &[step])?;
        space.combine(run.r.all_mut(), 1.0, q.all(), &[-step])?;
        run.residual = norms(space, run.r.all())?[0] / run.b_norm;
        run.iterations += 1;
        run.history.push(run.residual);
        if observe(run.products, run.residual) == Control::Stop {
            return Ok((SolveReason::Interrupted, None));
        }
    }
}
