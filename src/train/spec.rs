//! Everything that names a training run.

use super::{TrackOptions, TrainOptions};
use crate::data::{DataSpec, SampleRange};
use crate::problem::BackendSpec;
use hesse_core::loss::Loss;
use hesse_core::model::Normalization;
use std::path::PathBuf;
use std::time::Duration;

/// A network to be trained on samples, the machine to do it, and where the results go.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSpec {
    /// `name:key=value,…`.
    pub model: String,
    /// Weights to start from; without a file, the initial values of `seed`.
    pub initial: Option<PathBuf>,
    /// The data set.
    pub data: DataSpec,
    /// Which samples of the train split to train on.
    pub samples: SampleRange,
    /// Which samples of the test split to evaluate on.
    pub test_samples: SampleRange,
    /// The first step of the network.
    pub normalization: Normalization,
    /// What is minimised.
    pub loss: Loss,
    /// The machine.
    pub backend: BackendSpec,
    /// Seed of every random choice: initial values, order, augmentation, dropout.
    pub seed: u64,
    /// How to train.
    pub options: TrainOptions,
    /// What is measured on the way; none for nothing.
    pub track: Option<TrackOptions>,
    /// The folder of `train.json`, `model.safetensors` and the checkpoints; made where it does not exist.
    pub out: PathBuf,
    /// Replace what another run left in `out`, rather than refuse.
    pub force: bool,
    /// The longest time between two checkpoints; there is one at the end of every epoch besides.
    pub checkpoint_every: Duration,
    /// The command line, for the manifest; may be empty.
    pub command: Vec<String>,
}

impl TrainSpec {
    /// Training a model on a data set with every default.
    pub fn new(model: impl Into<String>, data: DataSpec, out: impl Into<PathBuf>) -> Self {
        TrainSpec {
            model: model.into(),
            initial: None,
            data,
            samples: SampleRange::default(),
            test_samples: SampleRange::default(),
            normalization: Normalization::default(),
            loss: Loss::default(),
            backend: BackendSpec::default(),
            seed: 0,
            options: TrainOptions::default(),
            track: None,
            out: out.into(),
            force: false,
            checkpoint_every: Duration::from_secs(60),
            command: Vec::new(),
        }
    }
}
