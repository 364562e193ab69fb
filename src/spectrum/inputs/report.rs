//! The result of `hesse spectrum --wrt inputs` as data: schema `hesse.spectrum/1`, with `"wrt": "inputs"`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{Distribution, InputOptions, InputSpectrum, SampleResult};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use serde::Serialize;

/// Distributions over the samples; a quantity that was not measured is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryPart {
    /// The largest eigenvalue of each sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<Distribution>,
    /// The smallest eigenvalue over the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest_share: Option<Distribution>,
    /// The trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Distribution>,
    /// The norm of the gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<Distribution>,
    /// The numerical rank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<Distribution>,
    /// Samples whose smallest eigenvalue was looked for and is below −1e-6 times the largest.
    pub indefinite: usize,
    /// The largest residual.
    pub worst_residual: f64,
}

/// The share of λ₁ below which a negative eigenvalue counts as rounding.
pub(super) const SEMI_DEFINITE: f64 = 1e-6;

impl SummaryPart {
    fn new(samples: &[SampleResult]) -> Self {
        let residuals = samples.iter().flat_map(|s| s.residuals.iter().chain(&s.smallest_residuals));
        SummaryPart {
            largest: Distribution::of(samples.iter().map(SampleResult::lambda)),
            lowest_share: Distribution::of(samples.iter().filter_map(SampleResult::lowest_share)),
            trace: Distribution::of(samples.iter().filter_map(|s| s.trace)),
            gradient_norm: Distribution::of(samples.iter().map(|s| s.gradient_norm)),
            rank: Distribution::of(samples.iter().map(|s| s.rank as f64)),
            indefinite: samples.iter().filter(|s| s.lowest_share().is_some_and(|v| v < -SEMI_DEFINITE)).count(),
            worst_residual: residuals.fold(0.0, |m: f64, v| if v.is_nan() { f64::NAN } else { m.max(*v) }),
        }
    }
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputSpectrumReport {
    /// `hesse.spectrum/1`.
    pub schema: &'static str,
    /// `inputs`.
    pub wrt: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// Pixels of a sample: the order of each Hessian.
    pub dimension: usize,
    /// Classes.
    pub classes: usize,
    /// `logits` (closed form) or `lanczos`.
    pub method: String,
    /// Whether the logits are piecewise linear in the pixels.
    pub piecewise_linear: bool,
    /// What reduction eigenvalues and gradients belong to: `per sample`.
    pub reduction: &'static str,
    /// Mean cross-entropy of the samples reached.
    pub loss: f64,
    /// Share of them classified correctly.
    pub accuracy: f64,
    /// Of them, how many.
    pub correct: usize,
    /// Euclidean norm of all samples' gradients together, each of its own loss.
    pub gradient_norm: f64,
    /// The largest eigenvalue of any sample.
    pub largest: f64,
    /// The sample it belongs to.
    pub largest_index: usize,
    /// Distributions.
    pub summary: SummaryPart,
    /// Share of λ₁ below which an eigenvalue counts as zero for the rank.
    pub rank_threshold: f64,
    /// The bound on residuals.
    pub tolerance: f64,
    /// Whether every sample was reached with every residual within it.
    pub converged: bool,
    /// Products in all, counted in samples.
    pub products: usize,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
    /// Each sample.
    pub samples: Vec<SampleResult>,
    /// What it takes to repeat this.
    pub manifest: Manifest,
}

impl InputSpectrumReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &InputOptions, found: &InputSpectrum, command: &[String]) -> Self {
        let samples = &found.samples;
        let n = samples.len().max(1) as f64;
        let correct = samples.iter().filter(|s| s.correct).count();
        let top = samples.iter().max_by(|a, b| a.lambda().total_cmp(&b.lambda()));
        InputSpectrumReport {
            schema: "hesse.spectrum/1",
            wrt: "inputs",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            dimension: found.dimension,
            classes: found.classes,
            method: found.method.to_string(),
            piecewise_linear: found.piecewise_linear,
            reduction: "per sample",
            loss: samples.iter().map(|s| s.loss).sum::<f64>() / n,
            accuracy: correct as f64 / n,
            correct,
            gradient_norm: samples.iter().map(|s| s.gradient_norm * s.gradient_norm).sum::<f64>().sqrt(),
            largest: top.map_or(f64::NAN, SampleResult::lambda),
            largest_index: top.map_or(0, |s| s.index),
            summary: SummaryPart::new(samples),
            rank_threshold: found.rank_threshold,
            tolerance: options.tolerance,
            converged: found.converged(),
            products: samples.iter().map(|s| s.products).sum(),
            seconds: found.seconds,
            samples: samples.clone(),
            manifest: session.manifest(command, None, &found.notices),
        }
    }
}
