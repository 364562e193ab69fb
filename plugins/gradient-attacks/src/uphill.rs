//! The direction in which the goal lies: a targeted goal lowers the loss of its label, so that losses and gradients
//! change sign.

use hesse_core::attack::{
    AttackError, AttackLoss, AttackRequest, Goal, InputOracle, LossGradient, OracleError, losses,
};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// The option that chooses the loss.
pub(crate) const LOSS: OptionSpec = OptionSpec {
    name: "loss",
    kind: OptionKind::Choice(&["ce", "margin", "dlr"]),
    default: "ce",
    help: "what is raised: ce (cross-entropy), margin, or dlr (needs 3 classes)",
};

/// The chosen loss.
pub(crate) fn loss_of(options: &Options) -> Result<AttackLoss, OptionError> {
    Ok(match options.choice("loss", "ce", &["ce", "margin", "dlr"])? {
        "margin" => AttackLoss::Margin,
        "dlr" => AttackLoss::DifferenceOfLogitsRatio,
        _ => AttackLoss::CrossEntropy,
    })
}

/// Oracles may come from other libraries; the loops rely on lengths that fit.
fn fits(what: &'static str, expected: usize, found: usize) -> Result<(), OracleError> {
    if expected == found { Ok(()) } else { Err(OracleError::Size { what, expected, found }) }
}

/// Losses and gradients at `x`, `N × D`, with the sign under which more is better. Cost: one gradient.
pub(crate) fn uphill(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    loss: AttackLoss,
    x: &[f64],
) -> Result<LossGradient, AttackError> {
    let mut found = oracle.loss_gradient(x, request.labels, loss)?;
    fits("losses of the oracle", request.labels.len(), found.losses.len())?;
    fits("gradient of the oracle", x.len(), found.gradient.len())?;
    if request.goal == Goal::Targeted {
        found.losses.iter_mut().chain(&mut found.gradient).for_each(|v| *v = -*v);
    }
    Ok(found)
}

/// Success and loss at `x` from its logits, with the same sign. Cost: one forward pass, or none after a gradient at the
/// same samples where the oracle keeps them.
pub(crate) fn standing(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    loss: AttackLoss,
    x: &[f64],
) -> Result<Vec<(bool, f64)>, AttackError> {
    let logits = oracle.logits(x)?;
    fits("logits of the oracle", request.labels.len() * oracle.classes(), logits.len())?;
    let rows = logits.chunks_exact(oracle.classes().max(1)).zip(request.labels);
    let judge = |(z, &label): (&[f64], &u32)| {
        let predicted = losses::prediction(z);
        let value = losses::value(loss, z, label);
        match request.goal {
            Goal::Untargeted => (predicted.is_some_and(|p| p != label), value),
            Goal::Targeted => (predicted == Some(label), -value),
        }
    };
    Ok(rows.map(judge).collect())
}
