//! The straight line between original and robust weights: θ(α) = (1 − α)·θ_original + α·θ_robust.
//!
//! α goes beyond both ends, so that one sees whether they are minima along the line. Buffers are mixed like parameters.

use super::plan;
use super::sets::KeptSet;
use super::{RobustOptions, StudyAttack};
use crate::problem::{Session, Values};
use crate::study::evaluation::evaluate;
use crate::study::kept::{kept, key};
use crate::study::{StudyError, Watch};
use crate::train::TrainReport;
use hesse_core::operator::Weights;
use serde::{Deserialize, Serialize};

/// Where the line begins and ends.
const ENDS: [f64; 2] = [-0.25, 1.25];

/// One point of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinePoint {
    /// 0 at the original weights, 1 at the robust ones.
    pub alpha: f64,
    /// Mean loss over the clean test samples.
    pub loss: f64,
    /// Share of them classified correctly.
    pub accuracy: f64,
    /// Mean loss over the fixed set of the attack that was trained against.
    pub adversarial_loss: f64,
    /// Share of it classified correctly.
    pub adversarial_accuracy: f64,
}

/// The line to one robust network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinePart {
    /// Euclidean distance between the two sets of parameters.
    pub distance: f64,
    /// In rising order of α.
    pub points: Vec<LinePoint>,
}

impl LinePart {
    /// How far the loss on clean samples rises between the ends above the higher of the two; 0 for no barrier.
    pub fn barrier(&self) -> f64 {
        let within = |p: &&LinePoint| (-1e-9..=1.0 + 1e-9).contains(&p.alpha);
        let inside: Vec<f64> = self.points.iter().filter(within).map(|p| p.loss).collect();
        let ends = inside.first().copied().unwrap_or(0.0).max(inside.last().copied().unwrap_or(0.0));
        inside.iter().fold(0.0, |most: f64, loss| most.max(loss - ends))
    }
}

/// Evenly spaced, both ends included.
pub(super) fn alphas(points: usize) -> impl Iterator<Item = f64> {
    let steps = points.saturating_sub(1).max(1) as f64;
    (0..points).map(move |i| ENDS[0] + (ENDS[1] - ENDS[0]) * i as f64 / steps)
}

/// Evaluates the line, or takes what an earlier call left.
pub(super) fn line(
    options: &RobustOptions,
    (original, tuned): (&TrainReport, &TrainReport),
    attack: &StudyAttack,
    session: &Session,
    set: &KeptSet,
    watch: &mut Watch<'_>,
) -> Result<LinePart, StudyError> {
    let name = plan::Network::Against(attack).name();
    let key = key(&format!(
        "line {} to {} {} set {} points {}",
        plan::trained(original),
        plan::trained(tuned),
        plan::machine(options),
        set.key,
        options.line_points
    ));
    let file = options.out.join("parts").join(format!("{name}.line.json"));
    kept(&file, &key, || {
        let graph = session.graph();
        let from = Values::read(graph, &plan::weights(options, plan::ORIGINAL))?;
        let to = Values::read(graph, &plan::weights(options, &name))?;
        let pairs = from.parameters.iter().flatten().zip(to.parameters.iter().flatten());
        let distance = pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        let stopped = || StudyError::Interrupted {
            during: format!("while evaluating the line to {name}"),
            folder: options.out.clone(),
        };
        let mut points = Vec::with_capacity(options.line_points);
        for alpha in alphas(options.line_points) {
            let mixed = |a: &[Vec<f64>], b: &[Vec<f64>]| -> Vec<Vec<f64>> {
                let mix = |(a, b): (&Vec<f64>, &Vec<f64>)| {
                    a.iter().zip(b).map(|(a, b)| (1.0 - alpha) * a + alpha * b).collect()
                };
                a.iter().zip(b).map(mix).collect()
            };
            let parameters = mixed(&from.parameters, &to.parameters);
            let buffers = mixed(&from.buffers, &to.buffers);
            let weights = Weights::upload(session.backend(), graph, &parameters, &buffers)?;
            let what = format!("line to {name}, α {alpha:.3}");
            let clean = evaluate(session, &weights, session.source(), &what, watch)?.ok_or_else(stopped)?;
            let fooled = evaluate(session, &weights, &set.set, &what, watch)?.ok_or_else(stopped)?;
            points.push(LinePoint {
                alpha,
                loss: clean.loss,
                accuracy: clean.accuracy,
                adversarial_loss: fooled.loss,
                adversarial_accuracy: fooled.accuracy,
            });
        }
        Ok(LinePart { distance, points })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_reaches_beyond_both_ends_and_thirteen_points_hit_them() {
        let all: Vec<f64> = alphas(13).collect();
        assert_eq!((all[0], all[2], all[10], all[12]), (-0.25, 0.0, 1.0, 1.25));
    }

    #[test]
    fn a_barrier_is_what_rises_above_both_ends() {
        let point =
            |(alpha, loss)| LinePoint { alpha, loss, accuracy: 0.0, adversarial_loss: 0.0, adversarial_accuracy: 0.0 };
        let line = |all: [(f64, f64); 5]| LinePart { distance: 1.0, points: all.map(point).into() };
        let hill = line([(-0.25, 9.0), (0.0, 1.0), (0.5, 3.5), (1.0, 2.0), (1.25, 9.0)]);
        let slope = line([(-0.25, 9.0), (0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (1.25, 9.0)]);
        assert_eq!((hill.barrier(), slope.barrier()), (1.5, 0.0));
    }
}
