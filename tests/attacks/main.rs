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
mod toy;

use hesse as _; // links the built-in attacks
use hesse_core::Attack;
use hesse_core::attack::AttackError;
use hesse_core::attack::driver::{AttackOutcome, SampleBatch};
use hesse_core::attack::{AttackRequest, AttackStep, Driver, Goal, InputOracle, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::options::Options;
use hesse_core::registry;

/// The attack that `name:key=value,…` names.
pub(crate) fn attack(text: &str) -> Box<dyn Attack> {
    let (name, options) = Options::split(text).unwrap();
    let entry = registry::find::<registry::AttackEntry>(&name).unwrap();
    (entry.make)(&options).unwrap()
}

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

pub(crate) fn threat(norm: Norm) -> ThreatModel {
    ThreatModel { norm, lower: 0.0, upper: 1.0 }
}

/// Samples with labels, numbered from zero.
#[derive(Clone)]
pub(crate) struct Samples {
    pub(crate) x: Vec<f64>,
    pub(crate) labels: Vec<u32>,
    pub(crate) indices: Vec<usize>,
}

impl Samples {
    pub(crate) fn new(x: Vec<f64>, labels: Vec<u32>) -> Self {
        Samples { x, indices: (0..labels.len()).collect(), labels }
    }
    pub(crate) fn batch(&self) -> SampleBatch<'_> {
        SampleBatch { samples: &self.x, labels: &self.labels, indices: &self.indices }
    }
    pub(crate) fn request(&self, norm: Norm, epsilon: f64) -> AttackRequest<'_> {
        AttackRequest {
            samples: &self.x,
            labels: &self.labels,
            goal: Goal::Untargeted,
            threat: threat(norm),
            epsilon,
            indices: &self.indices,
            seed: 1,
        }
    }
    /// Some of them, in this order.
    pub(crate) fn pick(&self, order: &[usize]) -> Samples {
        let d = self.x.len() / self.labels.len();
        Samples {
            x: order.iter().flat_map(|i| self.x[i * d..(i + 1) * d].to_vec()).collect(),
            labels: order.iter().map(|i| self.labels[*i]).collect(),
            indices: order.iter().map(|i| self.indices[*i]).collect(),
        }
    }
}

/// Runs an attack under the driver.
pub(crate) fn drive(
    oracle: &dyn InputOracle,
    samples: &Samples,
    name: &str,
    norm: Norm,
    epsilons: &[f64],
) -> AttackOutcome {
    drive_this(oracle, samples, attack(name).as_ref(), norm, epsilons)
}

pub(crate) fn drive_this(
    oracle: &dyn InputOracle,
    samples: &Samples,
    attack: &dyn Attack,
    norm: Norm,
    epsilons: &[f64],
) -> AttackOutcome {
    let driver = Driver::new(threat(norm), Goal::Untargeted, epsilons, 1).unwrap();
    driver.run(oracle, &samples.batch(), attack, &mut |_| Control::Continue).unwrap()
}

/// Runs an attack without the driver.
pub(crate) fn propose(oracle: &dyn InputOracle, samples: &Samples, name: &str, norm: Norm, epsilon: f64) -> Vec<f64> {
    let request = samples.request(norm, epsilon);
    attack(name).run(oracle, &request, &mut |_: AttackStep<'_>| Control::Continue).unwrap()
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
