//! The option that chooses what is raised.

use hesse_core::attack::{AttackLoss, Objective};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

const LOSSES: &[&str] = &["ce", "margin", "dlr"];
const OBJECTIVES: &[&str] = &["ce", "margin", "dlr", "kl"];

/// For attacks that begin at the clean sample.
pub(crate) const LOSS: OptionSpec = OptionSpec {
    name: "loss",
    kind: OptionKind::Choice(LOSSES),
    default: "ce",
    help: "what is raised: ce (cross-entropy), margin, or dlr (needs 3 classes)",
};

/// For attacks that may begin elsewhere.
pub(crate) const OBJECTIVE: OptionSpec = OptionSpec {
    name: "loss",
    kind: OptionKind::Choice(OBJECTIVES),
    default: "ce",
    help: "what is raised: ce, margin, dlr (needs 3 classes), or kl (from the clean prediction, as in TRADES)",
};

fn named(name: &str) -> Objective {
    match name {
        "margin" => AttackLoss::Margin.into(),
        "dlr" => AttackLoss::DifferenceOfLogitsRatio.into(),
        "kl" => Objective::Divergence,
        _ => AttackLoss::CrossEntropy.into(),
    }
}

/// The chosen loss of an attack that begins at the clean sample.
pub(crate) fn loss_of(options: &Options) -> Result<Objective, OptionError> {
    Ok(named(options.choice("loss", "ce", LOSSES)?))
}

/// The chosen objective of an attack that may begin elsewhere.
pub(crate) fn objective_of(options: &Options, random_start: bool) -> Result<Objective, OptionError> {
    let name = options.choice("loss", "ce", OBJECTIVES)?;
    if name == "kl" && !random_start {
        return Err(OptionError::Value {
            key: "loss".into(),
            value: "kl".into(),
            expected: "another loss with random_start=false, because the gradient of kl is zero at the clean sample"
                .into(),
        });
    }
    Ok(named(name))
}
