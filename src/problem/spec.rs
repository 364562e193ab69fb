//! Everything that names a problem, checked as far as it can be without reading a file.

use super::Perturbation;
use crate::data::{DataSpec, SampleRange, Split};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::Normalization;
use hesse_core::vectors::Precision;
use std::path::PathBuf;

/// Which machine computes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSpec {
    /// As registered.
    pub name: String,
    /// `cpu`, `cuda`, `cuda:1`, …
    pub device: String,
    /// The compute type.
    pub precision: Precision,
    /// Number of threads; none for all cores.
    pub threads: Option<usize>,
}

impl Default for BackendSpec {
    fn default() -> Self {
        BackendSpec { name: "candle".to_string(), device: "cpu".to_string(), precision: Precision::F32, threads: None }
    }
}

/// A network with weights on samples, and the machine to run it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemSpec {
    /// `name:key=value,…`.
    pub model: String,
    /// The weights file; without one the initial values of `seed` are used.
    pub weights: Option<PathBuf>,
    /// The data set.
    pub data: DataSpec,
    /// Which part of it.
    pub split: Split,
    /// Which samples of that part.
    pub samples: SampleRange,
    /// What is done to them.
    pub perturbation: Option<Perturbation>,
    /// The first step of the network.
    pub normalization: Normalization,
    /// What is minimised.
    pub loss: Loss,
    /// Whether batch norm uses running statistics (eval) or those of each batch (train).
    pub mode: Mode,
    /// The machine.
    pub backend: BackendSpec,
    /// Seed of every random choice.
    pub seed: u64,
    /// Samples computed at once.
    pub batch: usize,
    /// Bytes allowed for kept intermediate results.
    pub memory: usize,
}

/// The loss as one line of text.
pub fn describe_loss(loss: &Loss) -> String {
    match loss {
        Loss::CrossEntropy { label_smoothing, class_weights, ignored_label } => {
            let mut text = "cross-entropy".to_string();
            if *label_smoothing != 0.0 {
                text.push_str(&format!(", label smoothing {label_smoothing}"));
            }
            if let Some(weights) = class_weights {
                let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
                text.push_str(&format!(", class weights {}", weights.join(",")));
            }
            if let Some(label) = ignored_label {
                text.push_str(&format!(", label {label} ignored"));
            }
            text
        }
        Loss::SquaredError => "squared error".to_string(),
        Loss::SquaredErrorOneHot => "squared error against one-hot labels".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_described_with_every_option_that_was_given() {
        assert_eq!(describe_loss(&Loss::default()), "cross-entropy");
        let loss =
            Loss::CrossEntropy { label_smoothing: 0.1, class_weights: Some(vec![1.0, 0.5]), ignored_label: Some(9) };
        assert_eq!(describe_loss(&loss), "cross-entropy, label smoothing 0.1, class weights 1,0.5, label 9 ignored");
    }
}
