//! What the study may be told.

use crate::data::{DataKind, DataSpec, GlyphOptions, SampleRange};
use crate::problem::BackendSpec;
use hesse_core::graph::Mode;
use hesse_core::model::Normalization;
use hesse_core::vectors::Precision;
use std::path::PathBuf;
use std::time::Duration;

/// One row of the table: a network, and how its batch norm is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellSpec {
    /// `name:key=value,…`.
    pub model: String,
    /// Eval: each sample's own Hessian. Train: one Hessian of a batch's loss by all its pixels.
    pub mode: Mode,
}

impl CellSpec {
    /// What it is called.
    pub fn name(&self) -> String {
        match self.mode {
            Mode::Eval => self.model.clone(),
            Mode::Train => format!("{} (train-mode batch norm)", self.model),
        }
    }
}

/// The study: networks, and on which samples they are trained and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct SaddleFreeOptions {
    /// The rows.
    pub cells: Vec<CellSpec>,
    /// The data set.
    pub data: DataSpec,
    /// The first step of the network.
    pub normalization: Normalization,
    /// Which samples of the train split to train on.
    pub samples: SampleRange,
    /// Which samples of the test split to check.
    pub test_samples: SampleRange,
    /// Samples of one training step.
    pub batch: usize,
    /// Every training stops at this mean training loss.
    pub target_loss: f64,
    /// Or after so many epochs.
    pub epochs: usize,
    /// The learning rate.
    pub rate: f64,
    /// Samples checked at once.
    pub measure_batch: usize,
    /// Samples of a batch whose batch norm is in train mode.
    pub coupled_batch: usize,
    /// Of the samples checked, how many in train mode: the first ones.
    pub coupled_samples: usize,
    /// The most products for each sample.
    pub max_products: usize,
    /// The most for each batch in train mode.
    pub coupled_products: usize,
    /// λ_min below −this·λ₁ is negative.
    pub semi_definite: f64,
    /// Eigenvalues of modulus below this·λ₁ count as zero for the rank.
    pub rank_threshold: f64,
    /// A residual of g above this is outside of the range.
    pub range_tolerance: f64,
    /// Points along each side of a landscape; 0 for none.
    pub landscape_side: usize,
    /// Half its width, in the L2 norm of a perturbation.
    pub landscape_radius: f64,
    /// The machine; trainings run in its precision, checks in f64.
    pub backend: BackendSpec,
    /// Seed of every random choice.
    pub seed: u64,
    /// Bytes allowed for what lies on the host.
    pub memory: usize,
    /// The folder.
    pub out: PathBuf,
    /// Train again where the folder holds a network that was trained otherwise.
    pub force: bool,
    /// The longest time between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// The command line, for the manifest; may be empty.
    pub command: Vec<String>,
}

impl SaddleFreeOptions {
    /// The study on generated glyphs: some minutes on two cores.
    pub fn quick(out: impl Into<PathBuf>) -> Self {
        let cell = |model: &str, mode| CellSpec { model: model.to_string(), mode };
        SaddleFreeOptions {
            cells: vec![
                cell("mlp:hidden=128x64", Mode::Eval),
                cell("m1:width=0.4", Mode::Eval),
                cell("resnet20:width=0.25", Mode::Eval),
                cell("m1:activation=tanh,width=0.4", Mode::Eval),
                cell("mlp:activation=softplus,hidden=128x64", Mode::Eval),
                cell("resnet20:width=0.25", Mode::Train),
            ],
            data: DataSpec::from(DataKind::Glyphs(GlyphOptions { train: 3000, test: 500, ..GlyphOptions::default() })),
            normalization: Normalization::default(),
            samples: SampleRange::default(),
            test_samples: SampleRange::default(),
            batch: 50,
            target_loss: 0.1,
            epochs: 8,
            rate: 0.02,
            measure_batch: 100,
            coupled_batch: 8,
            coupled_samples: 64,
            max_products: 48,
            coupled_products: 96,
            semi_definite: 1e-6,
            rank_threshold: 1e-10,
            range_tolerance: 1e-6,
            landscape_side: 21,
            landscape_radius: 2.0,
            backend: BackendSpec::default(),
            seed: 0,
            memory: crate::problem::default_budget(),
            out: out.into(),
            force: false,
            checkpoint_every: Duration::from_secs(60),
            command: Vec::new(),
        }
    }

    /// The machine on which Hessians are checked: the same in f64, where 1e-6 of λ₁ is no rounding.
    pub(super) fn checking(&self) -> BackendSpec {
        BackendSpec { precision: Precision::F64, ..self.backend.clone() }
    }
}
