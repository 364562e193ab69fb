//! What is known of each epoch.

use serde::{Deserialize, Serialize};

/// One pass over the training samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the samples, each as it was before the step on it.
    pub loss: f64,
    /// Share of samples classified correctly, likewise.
    pub accuracy: f64,
    /// Mean loss over the whole training set after the epoch, in eval mode; only where the target was near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_loss: Option<f64>,
    /// Mean loss over the test samples after the epoch, in eval mode.
    pub test_loss: f64,
    /// Share of test samples classified correctly.
    pub test_accuracy: f64,
    /// The learning rate of the last step.
    pub rate: f64,
    /// Steps taken in this epoch.
    pub steps: usize,
    /// Samples trained on per second, evaluations apart.
    pub samples_per_second: f64,
    /// Seconds of training, evaluations apart.
    pub seconds: f64,
}
