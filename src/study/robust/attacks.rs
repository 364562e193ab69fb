//! The attacks of the study: the paper's five and projected gradient ascent.

use super::RobustOptions;
use crate::problem::{ProblemError, lookup};
use crate::study::StudyError;
use hesse_core::attack::Norm;
use hesse_core::registry;

/// One attack with its budget.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyAttack {
    /// Short name, also of folders.
    pub label: &'static str,
    /// As the paper prints it.
    pub title: &'static str,
    /// `name:key=value,…` in the registry.
    pub attack: &'static str,
    /// The same for training, where fewer steps have to do.
    pub training: &'static str,
    /// How perturbations are measured.
    pub norm: Norm,
    /// The largest norm.
    pub epsilon: f64,
}

/// Label, title, attack, attack in training, norm.
const KNOWN: [(&str, &str, &str, &str, Norm); 6] = [
    ("fgsm", "FGSM", "fgsm", "fgsm", Norm::Linf),
    ("fgsm10", "FGSM-10", "ifgsm:steps=10", "ifgsm:steps=10", Norm::Linf),
    // With L2 one step of the fast gradient method is the paper's L2GRAD.
    ("l2grad", "L2GRAD", "fgsm", "fgsm", Norm::L2),
    ("fhsm", "FHSM", "fhsm", "fhsm", Norm::Linf),
    ("l2hess", "L2HESS", "l2hess", "l2hess", Norm::L2),
    ("pgd", "PGD", "pgd:steps=20", "pgd:steps=7,return=last", Norm::Linf),
];

/// The labels that can be asked for, in the order of the tables.
pub(super) fn labels() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|k| k.0)
}

/// The attacks that a study asks for; see [`named`].
///
/// # Errors
/// As [`named`].
pub fn choose(options: &RobustOptions) -> Result<(Vec<StudyAttack>, Vec<&'static str>), StudyError> {
    named(&options.attacks, [options.epsilon_linf, options.epsilon_l2])
}

/// The attacks of these labels that are registered here, in the order of the tables, with their budgets under L∞ and L2, and
/// the titles of those that are not.
///
/// # Errors
/// Where a label is unknown, or none is left.
pub fn named(wanted: &[String], [linf, l2]: [f64; 2]) -> Result<(Vec<StudyAttack>, Vec<&'static str>), StudyError> {
    let refuse = |found: String| {
        let expected = format!("some of {}", labels().collect::<Vec<_>>().join(", "));
        Err(StudyError::Option { what: "attacks of the study", expected, found })
    };
    if let Some(unknown) = wanted.iter().find(|a| !labels().any(|l| l == a.as_str())) {
        return refuse(format!("`{}`", unknown.escape_debug()));
    }
    let known = registry::attacks();
    let (mut chosen, mut missing) = (Vec::new(), Vec::new());
    for (label, title, attack, training, norm) in KNOWN {
        if !wanted.iter().any(|a| a == label) {
            continue;
        }
        let name = attack.split(':').next().unwrap_or_default();
        if !known.iter().any(|entry| entry.name == name) {
            missing.push(title);
            continue;
        }
        let epsilon = if norm == Norm::L2 { l2 } else { linf };
        chosen.push(StudyAttack { label, title, attack, training, norm, epsilon });
    }
    if chosen.is_empty() {
        return refuse(format!("{}, none of which is registered", wanted.join(", ")));
    }
    for attack in &chosen {
        made(attack)?;
    }
    Ok((chosen, missing))
}

/// Refuses options that the registered attack does not have.
fn made(attack: &StudyAttack) -> Result<(), ProblemError> {
    for text in [attack.attack, attack.training] {
        let (entry, options) = lookup::attack(text)?;
        (entry.make)(&options)?;
    }
    Ok(())
}
