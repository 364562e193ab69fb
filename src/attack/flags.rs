//! Signs that need questions of their own, asked of the first batch: the flags of AutoAttack, and with `--indicators` the
//! indicators of attack failure that cost queries.
//!
//! AutoAttack's fifth flag, an optimisation inside the network, cannot be raised: a network is a graph of primitives
//! without loops.

use super::EvaluationError;
use hesse_core::Attack;
use hesse_core::attack::diagnose::{self, Repetition};
use hesse_core::attack::driver::{SampleBatch, Verdict};
use hesse_core::attack::{AttackLoss, Driver, Goal, InputOracle, Norm, ThreatModel, losses};
use hesse_core::eigen::Control;

/// Passes over the first batch that must agree.
const PASSES: usize = 5;
/// Random points around each sample, and their distance, as published.
const POINTS: (usize, f64) = (100, 8.0 / 255.0);
/// The most samples on which the indicators that cost most are judged.
const FEW: usize = 16;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flags {
    /// How far repeated passes over the first batch differ.
    pub repetition: Option<Repetition>,
    /// Whether the network returns probabilities.
    pub probabilities: bool,
    /// Correctly classified samples of the first batch at which the difference-of-logits ratio has a gradient of exactly
    /// zero or none; nothing where there are fewer than three classes.
    pub zero_ratio_gradients: Option<usize>,
    /// Indicators, where they were asked for.
    pub indicators: Option<Indicators>,
}

/// Indicators of attack failure that cost queries of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicators {
    /// Samples looked at.
    pub samples: usize,
    /// Mean relative change of the loss at random points within 8/255 (L∞), capped at one.
    pub variability: f64,
    /// For each attack, how many of these samples it fooled when the whole box was allowed.
    pub unconstrained: Vec<usize>,
}

/// Looks at the first batch. Cost: 5 forward passes and a gradient.
pub(super) fn flags(
    oracle: &dyn InputOracle,
    batch: &SampleBatch<'_>,
    logits: &[f64],
) -> Result<Flags, EvaluationError> {
    let correct = correct(oracle, batch, logits, usize::MAX);
    let ratio = oracle.classes() >= 3;
    let loss = AttackLoss::DifferenceOfLogitsRatio;
    let zero = |c: &Correct| diagnose::zero_gradients(oracle, &c.samples, &c.labels, loss);
    Ok(Flags {
        repetition: Some(diagnose::repetition(oracle, batch.samples, batch.labels, PASSES)?),
        probabilities: diagnose::are_probabilities(logits, oracle.classes()),
        zero_ratio_gradients: if ratio { Some(zero(&correct).map_err(EvaluationError::Request)?) } else { None },
        indicators: None,
    })
}

/// The correctly classified samples of a batch.
struct Correct {
    samples: Vec<f64>,
    labels: Vec<u32>,
    indices: Vec<usize>,
}

fn correct(oracle: &dyn InputOracle, batch: &SampleBatch<'_>, logits: &[f64], most: usize) -> Correct {
    let d = batch.samples.len() / batch.labels.len().max(1);
    let rows = logits.chunks_exact(oracle.classes().max(1)).zip(batch.samples.chunks_exact(d.max(1)));
    let rows = rows.zip(batch.labels.iter().zip(batch.indices));
    let mut found = Correct { samples: Vec::new(), labels: Vec::new(), indices: Vec::new() };
    for ((_, x), (label, index)) in rows.filter(|((z, _), (y, _))| losses::prediction(z) == Some(**y)).take(most) {
        found.samples.extend_from_slice(x);
        found.labels.push(*label);
        found.indices.push(*index);
    }
    found
}

/// Judges every attack on some correctly classified samples of a batch. `observe` is asked as by a driver.
pub(super) fn indicators(
    oracle: &dyn InputOracle,
    batch: &SampleBatch<'_>,
    logits: &[f64],
    attacks: &[(String, Box<dyn Attack>)],
    (norm, seed): (Norm, u64),
    stop: &dyn Fn() -> bool,
) -> Result<Indicators, EvaluationError> {
    let few = correct(oracle, batch, logits, FEW);
    let linf = ThreatModel { norm: Norm::Linf, lower: 0.0, upper: 1.0 };
    let rows = (few.samples.as_slice(), few.labels.as_slice(), few.indices.as_slice());
    let variability = diagnose::variability(oracle, &linf, POINTS.1, rows, (POINTS.0, seed))?;
    let d = oracle.shape().iter().product::<usize>() as f64;
    let whole = match norm {
        Norm::Linf => 1.0,
        Norm::L2 => d.sqrt(),
        Norm::L1 => d,
    };
    let threat = ThreatModel { norm, ..linf };
    let driver = Driver::new(threat, Goal::Untargeted, &[whole], seed).map_err(EvaluationError::Request)?;
    let part = SampleBatch { samples: &few.samples, labels: &few.labels, indices: &few.indices };
    let mut unconstrained = Vec::with_capacity(attacks.len());
    for (name, attack) in attacks {
        let mut observe = |_: hesse_core::attack::driver::DriverEvent<'_>| {
            if stop() { Control::Stop } else { Control::Continue }
        };
        let outcome = driver.run(oracle, &part, attack.as_ref(), &mut observe);
        let outcome = outcome.map_err(|cause| EvaluationError::attack(name, cause))?;
        unconstrained.push(outcome.epsilons.first().map_or(0, |e| e.count(Verdict::Fooled)));
    }
    Ok(Indicators { samples: few.labels.len(), variability, unconstrained })
}
