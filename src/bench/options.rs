//! What is compared.

use super::Operation;
use hesse_core::vectors::Precision;

/// Every combination of these is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchOptions {
    /// Registered names.
    pub backends: Vec<String>,
    /// `cpu`, `cuda`, `cuda:1`, …
    pub devices: Vec<String>,
    /// Compute types.
    pub precisions: Vec<Precision>,
    /// `name:key=value,…`.
    pub models: Vec<String>,
    /// Samples at once.
    pub batches: Vec<usize>,
    /// What is timed.
    pub operations: Vec<Operation>,
    /// Directions at once, for operations that have one.
    pub columns: Vec<usize>,
    /// Channels, height and width of the samples; none for those that each network is usually given.
    pub input: Option<[usize; 3]>,
    /// Repetitions of everything, in turn.
    pub rounds: usize,
    /// Threads that compute; none for all cores.
    pub threads: Option<usize>,
}

/// The samples that a network is usually given: the digits of MNIST or the photographs of CIFAR.
pub(super) fn usual_input(model: &str) -> [usize; 3] {
    let name = model.split(':').next().unwrap_or(model);
    if matches!(name, "m1" | "mlp" | "smallcnn") { [1, 28, 28] } else { [3, 32, 32] }
}
