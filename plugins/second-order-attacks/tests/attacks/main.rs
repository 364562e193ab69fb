//! What closed forms say of second-order attacks; the suite of every attack is in the root package and finds them there.
#![allow(missing_docs)] // helpers of a test
#![allow(clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the tests themselves")]

#[allow(dead_code, reason = "shared with the suite of every attack, which uses all of it")]
#[path = "../../../../tests/attacks/host.rs"]
mod host;
#[path = "../../../../tests/attacks/toy.rs"]
mod toy;

mod linear;
mod orderings;
mod piecewise_linear;
mod quadratic;
mod refusals;

use hesse_core::Attack;
use hesse_core::attack::driver::{AttackOutcome, SampleBatch};
use hesse_core::attack::{AttackRequest, AttackStep, Driver, Goal, InputOracle, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::options::Options;
use hesse_core::registry;
use hesse_gradient_attacks as _;
use hesse_second_order_attacks as _;

/// The attack that `name:key=value,…` names.
pub(crate) fn attack(text: &str) -> Box<dyn Attack> {
    let (name, options) = Options::split(text).unwrap();
    let entry = registry::find::<registry::AttackEntry>(&name).unwrap();
    (entry.make)(&options).unwrap()
}

/// Every attack of this crate.
pub(crate) fn names() -> Vec<&'static str> {
    vec!["fhsm", "l2hess", "linear-trust-region", "saddle-free", "top-eigenvector", "trust-region"]
}

/// The norms that an attack has a form for.
pub(crate) fn norms(name: &str) -> Vec<Norm> {
    match name {
        "fhsm" => vec![Norm::Linf],
        "l2hess" => vec![Norm::L2],
        _ => vec![Norm::Linf, Norm::L2],
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
}

/// Runs an attack under the driver.
pub(crate) fn drive(
    oracle: &dyn InputOracle,
    samples: &Samples,
    name: &str,
    norm: Norm,
    epsilons: &[f64],
) -> AttackOutcome {
    let driver = Driver::new(threat(norm), Goal::Untargeted, epsilons, 1).unwrap();
    driver.run(oracle, &samples.batch(), attack(name).as_ref(), &mut |_| Control::Continue).unwrap()
}

/// Runs an attack without the driver.
pub(crate) fn propose(oracle: &dyn InputOracle, samples: &Samples, name: &str, norm: Norm, epsilon: f64) -> Vec<f64> {
    propose_for(oracle, &samples.request(norm, epsilon), name)
}

pub(crate) fn propose_for(oracle: &dyn InputOracle, request: &AttackRequest<'_>, name: &str) -> Vec<f64> {
    attack(name).run(oracle, request, &mut |_: AttackStep<'_>| Control::Continue).unwrap()
}

pub(crate) fn length(v: &[f64]) -> f64 {
    Norm::L2.of(v)
}

/// Distance of two directions.
pub(crate) fn apart(a: &[f64], b: &[f64]) -> f64 {
    let (la, lb) = (length(a), length(b));
    length(&a.iter().zip(b).map(|(a, b)| a / la - b / lb).collect::<Vec<f64>>())
}
