//! What the study of robust training may be told.

use crate::data::{DataKind, DataSpec, GlyphOptions, SampleRange};
use crate::problem::BackendSpec;
use hesse_core::model::Normalization;
use std::path::PathBuf;
use std::time::Duration;

/// The study: one network, plainly trained and then tuned against each attack.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustOptions {
    /// `name:key=value,…`.
    pub model: String,
    /// The data set.
    pub data: DataSpec,
    /// The first step of the network.
    pub normalization: Normalization,
    /// Which samples of the train split to train on.
    pub samples: SampleRange,
    /// Which samples of the test split to attack and evaluate.
    pub test_samples: SampleRange,
    /// Labels of attacks: fgsm, fgsm10, l2grad, fhsm, l2hess, pgd.
    pub attacks: Vec<String>,
    /// Budget of the attacks under L∞, in pixels from 0 to 1.
    pub epsilon_linf: f64,
    /// Budget of those under L2.
    pub epsilon_l2: f64,
    /// Epochs of the plain training.
    pub epochs: usize,
    /// Samples of one step.
    pub batch: usize,
    /// Learning rate of both trainings at their beginning.
    pub rate: f64,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// The plain training halves its rate after so many epochs, again and again; 0 for never.
    pub halve_every: usize,
    /// Epochs of training against each attack.
    pub tune_epochs: usize,
    /// These halve their rate after so many epochs; 0 for never.
    pub tune_halve_every: usize,
    /// Points of the line between original and robust weights, from −0.25 to 1.25; at least 2.
    pub line_points: usize,
    /// Numbers of training samples whose Hessian is measured, the first ones; 0 for all.
    pub spectrum_samples: Vec<usize>,
    /// How many of the largest eigenvalues of each Hessian; of the smallest there is one.
    pub top: usize,
    /// Bound on their residuals ‖Hv − λv‖ / |λ₁|.
    pub tolerance: f64,
    /// The most products for each Hessian.
    pub max_products: usize,
    /// `name:key=value,…` of the eigensolver.
    pub solver: String,
    /// Samples computed at once while measuring and attacking.
    pub evaluation_batch: usize,
    /// Bytes allowed for kept intermediate results of a Hessian.
    pub memory: usize,
    /// The machine.
    pub backend: BackendSpec,
    /// Seed of every random choice.
    pub seed: u64,
    /// The folder of everything.
    pub out: PathBuf,
    /// Train again where the folder holds a network that was trained otherwise, rather than refuse.
    pub force: bool,
    /// The longest time between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// The command line, for the manifest; may be empty.
    pub command: Vec<String>,
}

impl RobustOptions {
    /// The quick study on generated glyphs with a small network: about two minutes on two cores.
    pub fn quick(out: impl Into<PathBuf>) -> Self {
        RobustOptions {
            model: "fastcnn:width=0.5".to_string(),
            data: DataSpec::from(DataKind::Glyphs(GlyphOptions { train: 2000, test: 500, ..GlyphOptions::default() })),
            normalization: Normalization::default(),
            samples: SampleRange::default(),
            test_samples: SampleRange::default(),
            attacks: super::attacks::labels().map(str::to_string).collect(),
            epsilon_linf: 0.03,
            epsilon_l2: 0.5,
            epochs: 16,
            batch: 32,
            rate: 0.02,
            momentum: 0.9,
            halve_every: 5,
            tune_epochs: 5,
            tune_halve_every: 0,
            line_points: 13,
            spectrum_samples: vec![1, 320, 0],
            top: 2,
            tolerance: 1e-2,
            max_products: 200,
            solver: "lanczos".to_string(),
            evaluation_batch: 250,
            memory: crate::problem::default_budget(),
            backend: BackendSpec::default(),
            seed: 0,
            out: out.into(),
            force: false,
            checkpoint_every: Duration::from_secs(60),
            command: Vec::new(),
        }
    }

    /// The paper's conditions (its Table 4, and Table 8 on colour pictures): 100 epochs at rate 0.01 with momentum 0.9,
    /// halved every 5; then 5 more against each attack at rate 0.01 with ε 0.1 under L∞ and 2.8 under L2, and on CIFAR 10
    /// more, halved after 5, with ε 0.02 and 1.2. All samples, top 20 eigenvalues. Many hours on two cores. The batch
    /// size is ours; the paper does not give it.
    pub fn paper(data: DataSpec, out: impl Into<PathBuf>) -> Self {
        let grey = matches!(data.kind, DataKind::Glyphs(_) | DataKind::Mnist);
        let (model, epsilon_linf, epsilon_l2) = if grey { ("m1", 0.1, 2.8) } else { ("c3", 0.02, 1.2) };
        RobustOptions {
            model: model.to_string(),
            data,
            epsilon_linf,
            epsilon_l2,
            epochs: 100,
            batch: 128,
            rate: 0.01,
            halve_every: 5,
            tune_epochs: if grey { 5 } else { 10 },
            tune_halve_every: if grey { 0 } else { 5 },
            line_points: 25,
            top: 20,
            tolerance: 1e-3,
            max_products: 1000,
            ..RobustOptions::quick(out)
        }
    }
}
