//! Samples, and running an attack on them by its name, with the driver and without: what every suite of attacks needs.

use hesse_core::Attack;
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
    propose_for(oracle, &samples.request(norm, epsilon), name)
}

pub(crate) fn propose_for(oracle: &dyn InputOracle, request: &AttackRequest<'_>, name: &str) -> Vec<f64> {
    attack(name).run(oracle, request, &mut |_: AttackStep<'_>| Control::Continue).unwrap()
}
