//! What is known of each epoch.

use serde::{Deserialize, Serialize};

/// One pass over the training samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean objective over the samples, each as it was before the step on it: the loss, with what robust training adds.
    pub loss: f64,
    /// Share of samples classified correctly, likewise; as they were trained on, perturbed ones included.
    pub accuracy: f64,
    /// Share of the perturbed samples classified correctly; absent without robust training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robust_accuracy: Option<f64>,
    /// Mean loss over the whole training set after the epoch, in eval mode; only where the target was near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_loss: Option<f64>,
    /// Mean loss over the test samples after the epoch, in eval mode.
    pub test_loss: f64,
    /// Share of test samples classified correctly.
    pub test_accuracy: f64,
    /// Share of the held-back samples classified correctly after the epoch, under the attack on them where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// The learning rate of the last step.
    pub rate: f64,
    /// Steps taken in this epoch.
    pub steps: usize,
    /// Samples trained on per second, evaluations apart.
    pub samples_per_second: f64,
    /// Seconds of training, evaluations apart.
    pub seconds: f64,
}
