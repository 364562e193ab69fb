//! The result of `hesse sharpness` as data: schema `hesse.sharpness/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{Ascent, OverBatches, Sharpness, SharpnessOptions};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use crate::spectrum::{Pair, TracePart, mean_and_error};
use serde::Serialize;

/// A mean over independent parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanPart {
    /// The mean; null where there is nothing to take it of.
    pub mean: Option<f64>,
    /// Its standard error; null where there are fewer than two parts.
    pub standard_error: Option<f64>,
    /// How many parts.
    pub count: usize,
    /// Samples of each part, where the parts are mini-batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
}

/// What the loss gains within a ball.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AscentPart {
    /// The radius ρ.
    pub radius: f64,
    /// Along random directions, at distance ρ.
    pub average: MeanPart,
    /// After one step of length ρ along the gradient.
    pub one_step: Option<f64>,
    /// The largest that projected ascent found.
    pub worst: Option<f64>,
    /// Gradients spent on it.
    pub gradients: usize,
}

/// The line 2/η, and the measures as multiples of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EdgePart {
    /// η.
    pub rate: f64,
    /// 2/η: above it, gradient descent with this rate is not stable along the first eigenvector.
    pub edge: f64,
    /// λ₁ ÷ (2/η).
    pub lambda_1: Option<f64>,
    /// Batch sharpness ÷ (2/η).
    pub batch_sharpness: Option<f64>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharpnessReport {
    /// `hesse.sharpness/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// Number of parameters differentiated.
    pub dimension: usize,
    /// The mean loss.
    pub loss: f64,
    /// Share of samples whose largest output is their label.
    pub accuracy: f64,
    /// Samples whose largest output is their label.
    pub correct: usize,
    /// ‖∇‖ of the mean loss.
    pub gradient_norm: f64,
    /// λ₁, λ₂, …, as many as there are, at most five.
    pub eigenvalues: Vec<Pair>,
    /// λ₁/λ₅; null where there is no λ₅ or it is not positive.
    pub lambda_ratio: Option<f64>,
    /// Trace of the Hessian.
    pub trace: TracePart,
    /// Gains within the ball ‖d‖ ≤ ρ.
    pub sam: AscentPart,
    /// Gains within ‖d/|w|‖ ≤ ρ.
    pub adaptive: AscentPart,
    /// The gain of one step along each mini-batch's own gradient, on its own loss.
    pub m_sharpness: MeanPart,
    /// gᵀHg/‖g‖² over mini-batches.
    pub batch_sharpness: MeanPart,
    /// All beside 2/η; absent without a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<EdgePart>,
    /// Whether every eigenvalue is within the tolerance.
    pub converged: bool,
    /// Products for eigenvalues and trace.
    pub products: usize,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
    /// What it takes to repeat this.
    pub manifest: Manifest,
}

impl MeanPart {
    fn of(values: &[f64], batch_size: Option<usize>) -> Self {
        let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let (mean, error) = mean_and_error(&known);
        let finite = |v: f64| v.is_finite().then_some(v);
        MeanPart { mean: finite(mean), standard_error: finite(error), count: known.len(), batch_size }
    }

    fn over(batches: &OverBatches) -> Self {
        Self::of(&batches.values, Some(batches.batch_size))
    }
}

impl From<&Ascent> for AscentPart {
    fn from(ascent: &Ascent) -> Self {
        let Ascent { radius, one_step, worst, gradients, .. } = *ascent;
        AscentPart { radius, average: MeanPart::of(&ascent.random, None), one_step, worst, gradients }
    }
}

impl SharpnessReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &SharpnessOptions, found: &Sharpness, command: &[String]) -> Self {
        let eigenvalues: Vec<Pair> = found.eigen.largest.iter().map(Pair::from).collect();
        let ratio = match (eigenvalues.first(), eigenvalues.get(4)) {
            (Some(first), Some(fifth)) if fifth.value > 0.0 => Some(first.value / fifth.value),
            _ => None,
        };
        let batch_sharpness = MeanPart::over(&found.batch_sharpness);
        let edge = options.rate.map(|rate| EdgePart {
            rate,
            edge: 2.0 / rate,
            lambda_1: eigenvalues.first().map(|pair| pair.value * rate / 2.0),
            batch_sharpness: batch_sharpness.mean.map(|mean| mean * rate / 2.0),
        });
        let wanted = found.eigen.largest.len();
        SharpnessReport {
            schema: "hesse.sharpness/1",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            dimension: found.dimension,
            loss: found.evaluation.loss,
            accuracy: found.evaluation.accuracy,
            correct: found.evaluation.correct,
            gradient_norm: found.evaluation.gradient_norm.unwrap_or(f64::NAN),
            converged: wanted == found.dimension.min(5) && eigenvalues.iter().all(|pair| pair.converged),
            eigenvalues,
            lambda_ratio: ratio,
            trace: TracePart { estimate: found.trace.estimate, standard_error: found.trace.standard_error },
            sam: AscentPart::from(&found.plain),
            adaptive: AscentPart::from(&found.adaptive),
            m_sharpness: MeanPart::over(&found.over_batches),
            batch_sharpness,
            edge,
            products: found.eigen.statistics.products + found.trace.products,
            seconds: found.seconds,
            manifest: session.manifest(command, options.params.as_deref(), &found.notices),
        }
    }
}
