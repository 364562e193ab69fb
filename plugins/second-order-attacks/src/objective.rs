//! What is raised: the cross-entropy of the label, or less that of the target.
//!
//! Only the cross-entropy, because the margin has no curvature on piecewise-linear networks and the others' is no better
//! known.

use hesse_core::attack::{
    AttackError, AttackLoss, AttackRequest, Goal, InputOracle, LossGradient, OracleError, losses,
};

/// 1 where the loss is to rise, −1 where it is to fall.
pub(crate) fn sign(request: &AttackRequest<'_>) -> f64 {
    match request.goal {
        Goal::Untargeted => 1.0,
        Goal::Targeted => -1.0,
    }
}

/// Losses and gradients of the cross-entropy itself, whatever the goal. Cost: one gradient.
pub(crate) fn gradient(oracle: &dyn InputOracle, samples: &[f64], labels: &[u32]) -> Result<LossGradient, AttackError> {
    if labels.is_empty() {
        return Ok(LossGradient::default());
    }
    let found = oracle.loss_gradient(samples, labels, AttackLoss::CrossEntropy)?;
    // Oracles may come from other libraries; loops rely on lengths that fit.
    OracleError::check_size("losses of the oracle", labels.len(), found.losses.len())?;
    OracleError::check_size("gradient of the oracle", samples.len(), found.gradient.len())?;
    Ok(found)
}

/// H·v of the cross-entropy. Cost: one product.
pub(crate) fn product(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
    v: &[f64],
) -> Result<Vec<f64>, AttackError> {
    let found = oracle.hessian_product(samples, labels, AttackLoss::CrossEntropy, v)?;
    OracleError::check_size("product of the oracle", samples.len(), found.len())?;
    Ok(found)
}

/// Whether the goal is reached at each sample, and the loss with the sign under which more is better. Cost: one forward
/// pass.
pub(crate) fn standing(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    x: &[f64],
) -> Result<Vec<(bool, f64)>, AttackError> {
    if request.labels.is_empty() {
        return Ok(Vec::new());
    }
    let logits = oracle.logits(x)?;
    OracleError::check_size("logits of the oracle", request.labels.len() * oracle.classes(), logits.len())?;
    let rows = logits.chunks_exact(oracle.classes().max(1)).zip(request.labels);
    let judge = |(z, &label): (&[f64], &u32)| {
        let predicted = losses::prediction(z);
        let reached = match request.goal {
            Goal::Untargeted => predicted.is_some_and(|p| p != label),
            Goal::Targeted => predicted == Some(label),
        };
        (reached, sign(request) * losses::value(AttackLoss::CrossEntropy, z, label))
    };
    Ok(rows.map(judge).collect())
}
