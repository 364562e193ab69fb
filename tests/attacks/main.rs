//! One suite for every registered attack, on a ReLU and a tanh network, plus what closed forms and finite differences
//! say. A new attack needs no line here: it is found in the registry, the norms it knows are found by asking it, and its
//! options that say how long it works are turned down.
#![allow(missing_docs)] // helpers of a test
#![allow(clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the tests themselves")]

mod autoattack;
mod broken;
mod budgets;
mod closed_forms;
mod combining;
mod derivatives;
mod host;
mod masking;
mod minimal;
mod objectives;
mod properties;
mod refusals;
mod samples;
mod toy;

use hesse as _; // links the built-in attacks
use hesse_core::attack::driver::AttackOutcome;
use hesse_core::attack::{AttackError, AttackStep, Norm};
use hesse_core::eigen::Control;
use hesse_core::registry;
pub(crate) use samples::{Samples, attack, drive, drive_this, propose, threat};

/// Options that say how long an attack works, with values that suit these small networks.
const SHORT: [(&str, &str, usize); 5] =
    [("steps", "20", 20), ("queries", "60", 60), ("searches", "4", 4), ("targets", "3", 3), ("products", "20", 20)];

/// Every registered attack, with options under which it does not work longer than these networks need.
pub(crate) fn names() -> Vec<String> {
    let short = |e: &registry::Listed<registry::AttackEntry>| {
        let turned: Vec<String> = SHORT
            .iter()
            .filter(|(key, _, most)| {
                let option = e.options.iter().find(|o| o.name == *key);
                option.is_some_and(|o| o.default.parse::<usize>().map_or(true, |n| n > *most))
            })
            .map(|(key, value, _)| format!("{key}={value}"))
            .collect();
        // With few steps Adam's must be long.
        let rate = if e.options.iter().any(|o| o.name == "rate") { ",rate=0.1" } else { "" };
        let colon = if turned.is_empty() { "" } else { ":" };
        format!("{}{colon}{}{}", e.name, turned.join(","), if turned.is_empty() { "" } else { rate })
    };
    registry::attacks().iter().map(short).collect()
}

/// The norms that an attack has a form for: it refuses the others.
pub(crate) fn norms(name: &str) -> Vec<Norm> {
    let w = (0..4).map(|k| vec![f64::from(k), 1.0]).collect();
    let linear = host::Linear::new(w, vec![0.0; 4]);
    let samples = Samples::new(vec![0.5, 0.5], vec![3]);
    let knows = |norm: &Norm| {
        let request = samples.request(*norm, 0.1);
        let asked = attack(name).run(&linear, &request, &mut |_: AttackStep<'_>| Control::Continue);
        !matches!(asked, Err(AttackError::Norm { .. }))
    };
    let known: Vec<Norm> = [Norm::Linf, Norm::L2, Norm::L1].into_iter().filter(knows).collect();
    assert!(!known.is_empty(), "{name} knows no norm");
    known
}

/// A radius of medium strength on the toy networks.
pub(crate) fn medium(norm: Norm) -> f64 {
    match norm {
        Norm::Linf => 0.06,
        Norm::L2 => 0.3,
        Norm::L1 => 1.5,
    }
}

/// Mean cross-entropy of the returned samples.
pub(crate) fn mean_loss(outcome: &AttackOutcome, at: usize) -> f64 {
    let samples = &outcome.epsilons[at].samples;
    samples.iter().map(|s| s.score.loss).sum::<f64>() / samples.len() as f64
}

/// Samples not classified correctly any more.
pub(crate) fn fooled(outcome: &AttackOutcome, at: usize) -> usize {
    outcome.epsilons[at].samples.iter().filter(|s| s.score.success).count()
}
