//! Attacks that are one step of the whole budget along a direction: the sign of it under L∞, its unit vector under L2.

use crate::objective;
use hesse_core::attack::{AttackError, AttackRequest, AttackStep, InputOracle, LossGradient, Norm, geometry};
use hesse_core::eigen::Control;

/// Refuses norms that an attack has no form for.
pub(crate) fn require(norm: Norm, attack: &'static str, has: &[Norm], known: &'static str) -> Result<(), AttackError> {
    if has.contains(&norm) { Ok(()) } else { Err(AttackError::Norm { attack, norm, known }) }
}

/// Asks for gradients, then `direction` for `N × D` directions that lead to the goal, and takes the step. A direction of
/// zero is no step.
pub(crate) fn one_step(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    direction: &mut dyn FnMut(&LossGradient) -> Result<Vec<f64>, AttackError>,
) -> Result<Vec<f64>, AttackError> {
    let d = request.check(oracle)?.max(1);
    let mut x = request.samples.to_vec();
    if request.labels.is_empty() {
        return Ok(x);
    }
    let found = objective::gradient(oracle, &x, request.labels)?;
    let directions = direction(&found)?;
    for (x, v) in x.chunks_exact_mut(d).zip(directions.chunks_exact(d)) {
        geometry::add_steepest_ascent(request.threat.norm, v, request.epsilon, x);
    }
    geometry::project_all(&request.threat, request.epsilon, request.samples, &mut x, d);
    let losses: Vec<f64> = found.losses.iter().map(|l| objective::sign(request) * l).collect();
    match observe(AttackStep { step: 1, losses: &losses }) {
        Control::Continue => Ok(x),
        Control::Stop => Err(AttackError::Interrupted),
    }
}
