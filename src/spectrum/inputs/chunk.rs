//! Samples that are computed together, and what is found of each.

use crate::data::Dataset;
use hesse_core::attack::{AttackLoss, InputOracle, Norm, OracleError, losses};
use serde::Serialize;
use std::ops::Range;

/// What is known of one sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleResult {
    /// Position in the split.
    pub index: usize,
    /// The class.
    pub label: u32,
    /// Whether the network says so.
    pub correct: bool,
    /// Cross-entropy of this sample.
    pub loss: f64,
    /// ‖∂loss/∂x‖₂.
    pub gradient_norm: f64,
    /// The largest eigenvalues, falling; with the closed form all that may differ from zero.
    pub eigenvalues: Vec<f64>,
    /// ‖Hv − λv‖ / |λ₁| of the first of them.
    pub residuals: Vec<f64>,
    /// The smallest eigenvalues, rising; empty where they were not looked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smallest: Vec<f64>,
    /// Their residuals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smallest_residuals: Vec<f64>,
    /// Whether all residuals are within the tolerance.
    pub converged: bool,
    /// Sum of all eigenvalues; an estimate where there is a standard error. Absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<f64>,
    /// Of the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_standard_error: Option<f64>,
    /// Eigenvalues of modulus above the rank threshold.
    pub rank: usize,
    /// Whether the rank is exact but for multiplicities, and not a lower bound.
    pub rank_complete: bool,
    /// Products with H (with the closed form: with J or Jᵀ) spent on this sample.
    pub products: usize,
}

impl SampleResult {
    /// λ₁; NaN where nothing was found.
    pub fn lambda(&self) -> f64 {
        self.eigenvalues.first().copied().unwrap_or(f64::NAN)
    }

    /// λ_min / λ₁, where λ_min was looked for. Where λ₁ is zero, zero.
    pub fn lowest_share(&self) -> Option<f64> {
        let (lowest, most) = (*self.smallest.first()?, self.lambda());
        Some(if lowest == 0.0 { 0.0 } else { lowest / most.abs() })
    }
}

/// Samples of a split as pixels in [0, 1].
pub(super) struct Chunk {
    pub samples: Vec<f64>,
    pub labels: Vec<u32>,
    /// Positions in the split.
    pub indices: Vec<usize>,
}

impl Chunk {
    /// The samples `range` of a data set whose first sample has the position `first`.
    pub fn of(data: &Dataset, range: Range<usize>, first: usize) -> Self {
        Chunk {
            samples: range.clone().flat_map(|i| data.image(i)).map(|v| f64::from(*v) / 255.0).collect(),
            labels: data.labels.get(range.clone()).unwrap_or_default().to_vec(),
            indices: range.map(|i| first + i).collect(),
        }
    }

    /// Results without any curvature. Cost: one gradient.
    pub fn begun(&self, oracle: &dyn InputOracle) -> Result<Vec<SampleResult>, OracleError> {
        let found = oracle.loss_gradient(&self.samples, &self.labels, AttackLoss::CrossEntropy)?;
        let logits = oracle.logits(&self.samples)?;
        let d: usize = oracle.shape().iter().product();
        let rows = found.losses.iter().zip(found.gradient.chunks_exact(d.max(1)));
        let rows = rows.zip(logits.chunks_exact(oracle.classes().max(1)));
        let each = rows.zip(self.labels.iter().zip(&self.indices));
        Ok(each
            .map(|(((&loss, gradient), z), (&label, &index))| SampleResult {
                index,
                label,
                correct: losses::prediction(z) == Some(label),
                loss,
                gradient_norm: Norm::L2.of(gradient),
                eigenvalues: Vec::new(),
                residuals: Vec::new(),
                smallest: Vec::new(),
                smallest_residuals: Vec::new(),
                converged: false,
                trace: None,
                trace_standard_error: None,
                rank: 0,
                rank_complete: false,
                products: 0,
            })
            .collect())
    }
}
