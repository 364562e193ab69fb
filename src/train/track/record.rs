//! One point of the curves.

use serde::{Deserialize, Serialize};

/// What was measured after some steps. What was not asked for is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Steps done.
    pub step: usize,
    /// The same in epochs.
    pub epoch: f64,
    /// The learning rate of the next step.
    pub rate: f64,
    /// The curvature above which the optimiser is not stable at that rate: 2/η, with momentum β 2(1+β)/η, with Nesterov's
    /// 2(1+β)/(η(1+2β)) (Cohen et al., arXiv:2103.00065).
    pub edge: f64,
    /// Mean loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Share classified correctly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// ‖∇‖.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// λ₁.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda1: Option<f64>,
    /// ‖Hv − λ₁v‖ / ‖H‖.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda1_residual: Option<f64>,
    /// The trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<f64>,
    /// Its standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_error: Option<f64>,
    /// Mean of gᵀHg/‖g‖² over mini-batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_sharpness: Option<f64>,
    /// Its standard error; absent for a single batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_sharpness_error: Option<f64>,
    /// Products spent.
    pub products: usize,
}

impl TrackRecord {
    /// Columns and values, in order.
    pub(super) fn columns(&self) -> [(&'static str, Option<f64>); 14] {
        [
            ("step", Some(self.step as f64)),
            ("epoch", Some(self.epoch)),
            ("rate", Some(self.rate)),
            ("edge", Some(self.edge)),
            ("loss", self.loss),
            ("accuracy", self.accuracy),
            ("gradient_norm", self.gradient_norm),
            ("lambda1", self.lambda1),
            ("lambda1_residual", self.lambda1_residual),
            ("trace", self.trace),
            ("trace_error", self.trace_error),
            ("batch_sharpness", self.batch_sharpness),
            ("batch_sharpness_error", self.batch_sharpness_error),
            ("products", Some(self.products as f64)),
        ]
    }
}
