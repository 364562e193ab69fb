//! What the study of large batches may be told.

use crate::data::{DataKind, DataSpec, GlyphOptions, SampleRange};
use crate::problem::BackendSpec;
use crate::train::{Adversary, Robust};
use hesse_core::attack::Norm;
use hesse_core::model::Normalization;
use std::path::PathBuf;
use std::time::Duration;

/// How the learning rate follows the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateRule {
    /// The same rate for every batch size. The paper gives none; "same conditions for all" reads best this way.
    #[default]
    Constant,
    /// In proportion to the batch size (Goyal et al., arXiv:1706.02677); the rate given is that of the smallest batch.
    Linear,
    /// In proportion to the square root of the batch size, which keeps the noise of a step alike (Krizhevsky,
    /// arXiv:1404.5997); the rate given is that of the smallest batch.
    SquareRoot,
}

impl RateRule {
    /// The rate of a batch size, `rate` being that of the smallest.
    pub fn rate(self, rate: f64, batch: usize, smallest: usize) -> f64 {
        let ratio = batch as f64 / smallest.max(1) as f64;
        match self {
            RateRule::Constant => rate,
            RateRule::Linear => rate * ratio,
            RateRule::SquareRoot => rate * ratio.sqrt(),
        }
    }
}

impl std::fmt::Display for RateRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RateRule::Constant => "constant",
            RateRule::Linear => "linear",
            RateRule::SquareRoot => "sqrt",
        })
    }
}

impl std::str::FromStr for RateRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "constant" => Ok(RateRule::Constant),
            "linear" => Ok(RateRule::Linear),
            "sqrt" => Ok(RateRule::SquareRoot),
            other => Err(format!("expected constant, linear or sqrt, found `{}`", other.escape_debug())),
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
    /// How many times everything is trained, each time from another seed: `seed`, `seed` + 1, …
    pub seeds: usize,
    /// Another network for every batch size but the smallest, with a rate in proportion to the batch size after so many epochs of
    /// warm-up (Goyal et al., arXiv:1706.02677); none for no such networks.
    pub warmup: Option<f64>,
    /// A network for every batch size and seed that is trained against perturbed inputs; none for no such networks.
    pub robust: Option<Robust>,
    /// Every run stops at this mean loss over the clean training samples.
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
    /// How many of the training samples, and of the test samples, everything is measured on: the first ones, or all where
    /// there are fewer; none for all.
    pub curvature_samples: Option<usize>,
    /// How many of the largest eigenvalues of the training Hessian; of the test Hessian it is the largest alone.
    pub top: usize,
    /// Bound on their residuals ‖Hv − λv‖ / |λ₁|.
    pub tolerance: f64,
    /// The most products for each Hessian.
    pub max_products: usize,
    /// `name:key=value,…` of the eigensolver.
    pub solver: String,
    /// Budgets of the attacks under L∞, in pixels from 0 to 1, rising; none for no attacks.
    pub epsilons: Vec<f64>,
    /// Whether the input Hessians of all these samples are measured.
    pub inputs: bool,
    /// Points of the line along v₁, for the first seed; 0 for none.
    pub line_points: usize,
    /// Points of each side of the plane of v₁ and v₂, for the first seed and the smallest and the largest batch, which are
    /// shown; 0 for none.
    pub plane_points: usize,
    /// λ₁ and the length of the gradient are measured every so many epochs of the largest batch, for the first seed; of smaller
    /// batches, which take fewer epochs, in proportion more often; 0 for never.
    pub track_every: usize,
    /// On so many training samples.
    pub track_samples: usize,
    /// Samples computed at once while curvature is measured.
    pub curvature_batch: usize,
    /// Bytes allowed for kept intermediate results of a Hessian.
    pub memory: usize,
    /// The machine.
    pub backend: BackendSpec,
    /// Seed of every random choice.
    pub seed: u64,
    /// The folder of `study.json`, `table.csv`, the report, and a folder `cell-<batch>-<variant>-<seed>` for each training.
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
            model: "m1:width=0.5".to_string(),
            data: DataSpec::from(DataKind::Glyphs(GlyphOptions { train: 2000, test: 500, ..GlyphOptions::default() })),
            normalization: Normalization::default(),
            samples: SampleRange::default(),
            test_samples: SampleRange::default(),
            batches: vec![16, 64, 256, 512],
            micro_batch: None,
            seeds: 2,
            warmup: None,
            robust: Some(fgsm(0.02)),
            target_loss: 0.05,
            epochs: 200,
            rate: 0.02,
            rate_rule: RateRule::Constant,
            momentum: 0.9,
            weight_decay: 0.0,
            curvature_samples: Some(400),
            top: 20,
            tolerance: 1e-2,
            max_products: 300,
            solver: "lanczos".to_string(),
            epsilons: vec![0.02, 0.04],
            inputs: true,
            line_points: 21,
            plane_points: 9,
            track_every: 8,
            track_samples: 125,
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

    /// The paper's conditions (its Tables 7, 1 and 2): M1 on grey pictures with batch sizes from 64 to 2,048 and ε of 0.1 and
    /// 0.2, C1 on CIFAR-10 with 16 to 2,048 and ResNet-18 on CIFAR-100 with 64 to 512, both with ε of 0.01 and 0.02; a training
    /// loss of 0.001, all samples, three seeds, 20 eigenvalues. Many hours on two cores. The learning rate, the cap on epochs
    /// and the budget of the robust training are ours; the paper does not give them.
    pub fn paper(data: DataSpec, out: impl Into<PathBuf>) -> Self {
        let (model, batches, epsilons) = match data.kind {
            DataKind::Glyphs(_) | DataKind::Mnist => ("m1", 64..=2048, vec![0.1, 0.2]),
            DataKind::Cifar10 => ("c1", 16..=2048, vec![0.01, 0.02]),
            DataKind::Cifar100 => ("resnet18", 64..=512, vec![0.01, 0.02]),
        };
        LargeBatchOptions {
            model: model.to_string(),
            data,
            batches: [16, 32, 64, 128, 256, 512, 1024, 2048].into_iter().filter(|b| batches.contains(b)).collect(),
            seeds: 3,
            robust: epsilons.first().map(|e| fgsm(*e)),
            epsilons,
            target_loss: 0.001,
            rate: 0.01,
            curvature_samples: None,
            tolerance: 1e-3,
            plane_points: 21,
            track_every: 1,
            track_samples: 1000,
            ..LargeBatchOptions::quick(out)
        }
    }
}

/// Every batch replaced by examples of the fast gradient sign method.
fn fgsm(epsilon: f64) -> Robust {
    Robust::Adversarial(Adversary::new("fgsm", Norm::Linf, epsilon))
}
