//! What it takes to repeat a result: versions, seeds, machine, flags, and hashes of everything that was read.

use serde::Serialize;

/// Part of every JSON result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// The program's version.
    pub version: String,
    /// The command line, as given.
    pub command: Vec<String>,
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads that computed.
    pub threads: usize,
    /// The backend's own words: versions and processor features.
    pub device_details: String,
    /// The data as named on the command line.
    pub data: String,
    /// SHA-256 of shape, pixels and labels of the samples used.
    pub data_sha256: String,
    /// What was done to the samples; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perturbation: Option<String>,
    /// Where the weights came from: a file, or the seed.
    pub weights: String,
    /// SHA-256 of all values, parameters then buffers in state-dict order, as little-endian f64.
    pub weights_sha256: String,
    /// SHA-256 of the network as a graph.
    pub graph_sha256: String,
    /// `eval` (running statistics) or `train` (those of each batch).
    pub batch_norm: String,
    /// Samples computed at once.
    pub batch_size: usize,
    /// Bytes allowed for kept intermediate results.
    pub memory: usize,
    /// The loss with its options.
    pub loss: String,
    /// Means and deviations per channel, `MEAN/STD`; absent without normalization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize: Option<String>,
    /// Which parameters were differentiated; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<String>,
    /// What a reader should know.
    pub notices: Vec<String>,
}
