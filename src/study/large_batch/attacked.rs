//! Accuracy under the paper's two attacks of this experiment, on the network itself.

use super::cell::Side;
use crate::study::evaluation::under_attack;
use crate::study::kept::kept;
use crate::study::{StudyError, Watch};
use hesse_core::attack::Norm;
use serde::Serialize;

/// Title, and name in the registry.
pub(super) const ATTACKS: [(&str, &str); 2] = [("FGSM", "fgsm"), ("FGSM-10", "ifgsm:steps=10")];

/// One attack with one budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttackedPart {
    /// As the paper prints it.
    pub attack: &'static str,
    /// The budget under L∞, in pixels from 0 to 1.
    pub epsilon: f64,
    /// Share of the training samples still classified correctly.
    pub train: f64,
    /// The same of the test samples.
    pub test: f64,
}

/// Attacks both splits, or takes what an earlier call left: every attack with every budget, attack by attack.
pub(super) fn measure(
    train: &mut Side<'_>,
    test: &mut Side<'_>,
    watch: &mut Watch<'_>,
) -> Result<Vec<AttackedPart>, StudyError> {
    let epsilons = train.options.epsilons.clone();
    if epsilons.is_empty() {
        return Ok(Vec::new());
    }
    let found = [shares(train, watch)?, shares(test, watch)?];
    let mut parts = Vec::new();
    for (a, (title, _)) in ATTACKS.into_iter().enumerate() {
        for (e, epsilon) in epsilons.iter().enumerate() {
            let [train, test] = [0, 1].map(|side| {
                let of = |all: &Vec<Vec<f64>>| all.get(a).and_then(|budgets| budgets.get(e)).copied();
                found.get(side).and_then(of).unwrap_or(f64::NAN)
            });
            parts.push(AttackedPart { attack: title, epsilon: *epsilon, train, test });
        }
    }
    Ok(parts)
}

fn shares(side: &mut Side<'_>, watch: &mut Watch<'_>) -> Result<Vec<Vec<f64>>, StudyError> {
    let attacks = ATTACKS.map(|(_, attack)| attack);
    let epsilons = side.options.epsilons.clone();
    let key = side.key(&format!("attacks {attacks:?} linf {epsilons:?}"));
    let (name, what) = (side.cell.name(side.options), format!("{} samples, attacks", side.split));
    kept(&side.file("attacks"), &key, || {
        let budgets = (Norm::Linf, epsilons.as_slice());
        under_attack(side.session()?, &attacks, budgets, (&name, &what), watch)?
            .ok_or_else(|| side.interrupted("attacking"))
    })
}
