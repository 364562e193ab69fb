//! Signs that a network only looks robust.
//!
//! Each is a number with the threshold of its publication beside it; whoever reports decides what to say. What needs the
//! trace of an attack is judged where traces are.
//!
//! Sources: the flags of AutoAttack (Croce and Hein 2020, code of 2021); Pintor et al., *Indicators of Attack Failure*,
//! NeurIPS 2022.

use super::{AttackError, AttackLoss, InputOracle, Norm, OracleError, ThreatModel, geometry, losses};
use crate::random::{Purpose, Stream};

/// How much repeated passes over the same samples may differ: the L2 distance of logits of length one.
pub const SAME: f64 = 1e-4;

/// How far passes over the same samples differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repetition {
    /// Fewest and most samples classified correctly in one pass.
    pub correct: (usize, usize),
    /// Largest L2 distance, over samples and passes, between logits scaled to length one and those of the first pass.
    pub distance: f64,
}

impl Repetition {
    /// Whether the network is random; attacks must then average over its choices.
    pub fn random(&self) -> bool {
        self.correct.0 != self.correct.1 || self.distance > SAME
    }
}

/// Asks several times for the logits of the same samples, `N × D`. Cost: `passes` forward passes.
///
/// # Errors
/// Where the oracle fails.
pub fn repetition(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
    passes: usize,
) -> Result<Repetition, OracleError> {
    let classes = oracle.classes().max(1);
    let mut found = Repetition { correct: (usize::MAX, 0), distance: 0.0 };
    let mut first: Option<Vec<f64>> = None;
    for _ in 0..passes.max(1) {
        let mut z = oracle.logits(samples)?;
        let correct = z.chunks_exact(classes).zip(labels).filter(|(z, y)| losses::prediction(z) == Some(**y)).count();
        found.correct = (found.correct.0.min(correct), found.correct.1.max(correct));
        for z in z.chunks_exact_mut(classes) {
            let length = Norm::L2.of(z);
            if length > 0.0 && length.is_finite() {
                z.iter_mut().for_each(|v| *v /= length);
            }
        }
        let Some(first) = &first else {
            first = Some(z);
            continue;
        };
        for (a, b) in first.chunks_exact(classes).zip(z.chunks_exact(classes)) {
            let d: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            found.distance = found.distance.max(Norm::L2.of(&d));
        }
    }
    Ok(found)
}

/// Whether all rows of outputs, `N × C`, lie in [0, 1] and sum to one within 1e-5: attacks expect logits, and a softmax
/// hides their gradient.
pub fn are_probabilities(outputs: &[f64], classes: usize) -> bool {
    let row = |z: &[f64]| z.iter().all(|v| (0.0..=1.0).contains(v)) && (z.iter().sum::<f64>() - 1.0).abs() < 1e-5;
    !outputs.is_empty() && outputs.chunks_exact(classes.max(1)).all(row)
}

/// The number of samples, `N × D`, at which the gradient of a loss is zero throughout or not finite. Cost: one gradient.
///
/// # Errors
/// Where the oracle fails.
pub fn zero_gradients(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
    loss: AttackLoss,
) -> Result<usize, AttackError> {
    if labels.is_empty() {
        return Ok(0);
    }
    let found = oracle.loss_gradient(samples, labels, loss)?;
    let dimension: usize = oracle.shape().iter().product();
    let rows = found.gradient.chunks_exact(dimension.max(1));
    Ok(rows.filter(|row| row.iter().all(|g| *g == 0.0) || row.iter().any(|g| !g.is_finite())).count())
}

/// The mean change of the cross-entropy at `points` random points of the ball of radius ε around each sample, relative to
/// its value there and capped at one: near one, the loss says nothing of its neighbourhood and no gradient step can be
/// trusted (threshold of the publication: 0.1 with 100 points in L∞ and ε 8/255). Random choices depend on `indices` and
/// the seed. Cost: `points` + 1 forward passes.
///
/// # Errors
/// Where lengths do not fit or the oracle fails.
pub fn variability(
    oracle: &dyn InputOracle,
    threat: &ThreatModel,
    epsilon: f64,
    (samples, labels, indices): (&[f64], &[u32], &[usize]),
    (points, seed): (usize, u64),
) -> Result<f64, OracleError> {
    let (d, classes) = (oracle.shape().iter().product::<usize>().max(1), oracle.classes().max(1));
    let n = labels.len();
    OracleError::check_size("samples", n * d, samples.len())?;
    OracleError::check_size("indices", n, indices.len())?;
    if n == 0 || points == 0 {
        return Ok(0.0);
    }
    let losses_of = |z: &[f64]| -> Vec<f64> {
        let rows = z.chunks_exact(classes).zip(labels);
        rows.map(|(z, y)| losses::value(AttackLoss::CrossEntropy, z, *y)).collect()
    };
    let here = losses_of(&oracle.logits(samples)?);
    let mut streams: Vec<Stream> = indices.iter().map(|i| Stream::new(seed, Purpose::AttackNoise, *i as u64)).collect();
    let (mut total, mut x) = (0.0, samples.to_vec());
    for _ in 0..points {
        for ((x, clean), stream) in x.chunks_exact_mut(d).zip(samples.chunks_exact(d)).zip(&mut streams) {
            geometry::draw_in_ball(threat.norm, epsilon, stream, x);
            x.iter_mut().zip(clean).for_each(|(x, c)| *x += c);
            geometry::project(threat, epsilon, clean, x);
        }
        for (there, here) in losses_of(&oracle.logits(&x)?).iter().zip(&here) {
            let change = ((there - here) / here).abs();
            // 0/0 is no change; a loss that is NaN is the whole of it.
            total += if there == here {
                0.0
            } else if change.is_nan() {
                1.0
            } else {
                change.min(1.0)
            };
        }
    }
    Ok(total / (points * n) as f64)
}
