//! What the study of large batches may be told.

use crate::data::{DataKind, DataSpec, GlyphOptions, SampleRange};
use crate::problem::BackendSpec;
use hesse_core::model::Normalization;
use std::path::PathBuf;
use std::time::Duration;

/// How the learning rate follows the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateRule {
    /// The same rate for every batch size, as in the paper.
    #[default]
    Constant,
    /// In proportion to the batch size; the rate given is that of the smallest batch.
    Linear,
}

impl std::fmt::Display for RateRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RateRule::Constant => "constant",
            RateRule::Linear => "linear",
        })
    }
}

impl std::str::FromStr for RateRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "constant" => Ok(RateRule::Constant),
            "linear" => Ok(RateRule::Linear),
            other => Err(format!("expected constant or linear, found `{}`", other.escape_debug())),
        }
    }
}

/// The study: the same network trained with several batch sizes to the same loss, and the curvature there.
#[derive(Debug, Clone, PartialEq)]
pub struct LargeBatchOptions {
    /// `name:key=value,…`.
    pub model: String,
    /// The data set.
    pub data: DataSpec,
    /// The first step of the network.
    pub normalization: Normalization,
    /// Which samples of the train split to train on.
    pub samples: SampleRange,
    /// Which samples of the test split to evaluate on.
    pub test_samples: SampleRange,
    /// Batch sizes, rising.
    pub batches: Vec<usize>,
    /// Samples computed at once, where a batch is larger than memory; none for whole batches.
    pub micro_batch: Option<usize>,
    /// Every run stops at this mean training loss.
    pub target_loss: f64,
    /// Or after so many epochs.
    pub epochs: usize,
    /// The learning rate, of the smallest batch where it follows the batch size.
    pub rate: f64,
    /// Whether it does.
    pub rate_rule: RateRule,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Multiple of every parameter that is added to the gradient.
    pub weight_decay: f64,
    /// How many of the training samples, and of the test samples, the Hessian is of: the first ones, or all where
    /// there are fewer; none for all.
    pub curvature_samples: Option<usize>,
    /// How many of the largest eigenvalues of each Hessian.
    pub top: usize,
    /// Bound on their residuals ‖Hv − λv‖ / |λ₁|.
    pub tolerance: f64,
    /// The most products for each Hessian.
    pub max_products: usize,
    /// `name:key=value,…` of the eigensolver.
    pub solver: String,
    /// Samples computed at once while curvature is measured.
    pub curvature_batch: usize,
    /// Bytes allowed for kept intermediate results of a Hessian.
    pub memory: usize,
    /// The machine.
    pub backend: BackendSpec,
    /// Seed of every random choice.
    pub seed: u64,
    /// The folder of `study.json`, `table.csv` and a folder `cell-<batch>` for each batch size.
    pub out: PathBuf,
    /// Train again where the folder holds a cell that was trained otherwise, rather than refuse.
    pub force: bool,
    /// The longest time between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// The command line, for the manifest; may be empty.
    pub command: Vec<String>,
}

impl LargeBatchOptions {
    /// The quick study on generated glyphs: a few minutes on two cores.
    pub fn quick(out: impl Into<PathBuf>) -> Self {
        LargeBatchOptions {
            model: "m1".to_string(),
            data: DataSpec::from(DataKind::Glyphs(GlyphOptions { train: 4000, test: 1000, ..GlyphOptions::default() })),
            normalization: Normalization::default(),
            samples: SampleRange::default(),
            test_samples: SampleRange::default(),
            batches: vec![64, 256, 1024],
            micro_batch: None,
            target_loss: 0.02,
            epochs: 200,
            rate: 0.02,
            rate_rule: RateRule::Constant,
            momentum: 0.9,
            weight_decay: 0.0,
            curvature_samples: Some(1000),
            top: 3,
            tolerance: 1e-3,
            max_products: 300,
            solver: "lanczos".to_string(),
            curvature_batch: 250,
            memory: crate::problem::default_budget(),
            backend: BackendSpec::default(),
            seed: 0,
            out: out.into(),
            force: false,
            checkpoint_every: Duration::from_secs(60),
            command: Vec::new(),
        }
    }

    /// The paper's conditions (its Table 7): batch sizes from 64 to 2,048, a training loss of 0.001, all samples.
    /// Hours on two cores. The learning rate and the cap on epochs are ours; the paper does not give them.
    pub fn paper(data: DataSpec, out: impl Into<PathBuf>) -> Self {
        LargeBatchOptions {
            data,
            batches: vec![64, 128, 256, 512, 1024, 2048],
            target_loss: 0.001,
            rate: 0.01,
            curvature_samples: None,
            top: 5,
            ..LargeBatchOptions::quick(out)
        }
    }
}
