//! Flags of `study large-batch`.

use super::{StudyRunFlags, StudySampleFlags, StudySolverFlags, parse};
use crate::attack::parse_epsilon;
use crate::study::{LargeBatchOptions, RateRule, Shard};
use crate::train::{AttackWords, Method};
use clap::Args;
use std::path::PathBuf;

/// Trains one network with several batch sizes to the same loss, plainly and against perturbed inputs, and measures where
/// each ends: the spectrum of the Hessian, curvature in the input, accuracy under attack, the loss along eigenvectors
///
/// Without any flag: a small m1 on generated glyphs, two seeds, some five minutes on two cores. Stopped at any moment, the same
/// command continues.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Study")]
#[command(after_help = "Examples:\n  hesse study large-batch\n  \
    hesse study large-batch --paper --data mnist:data/mnist --out runs/large-batch\n  \
    hesse study large-batch --robust none --seeds 3 --lr-rule linear")]
pub struct LargeBatchFlags {
    /// The quick study, which is the default
    #[arg(long, conflicts_with = "paper")]
    pub quick: bool,
    /// The paper's conditions: m1 with batches of 64 to 2,048 (on CIFAR-10 c1 with 16 to 2,048, on CIFAR-100 resnet18 with 64 to
    /// 512), training loss 0.001, three seeds, everything measured on all samples; many hours on two cores
    #[arg(long)]
    pub paper: bool,
    /// Network, with options where wanted [default: m1:width=0.5]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub model: Option<String>,
    /// Which samples.
    #[command(flatten)]
    pub samples: StudySampleFlags,
    /// Batch sizes, rising and comma-separated [default: 16,64,256,512]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', value_parser = parse::at_least_one)]
    pub batch_sizes: Option<Vec<usize>>,
    /// Samples computed at once, where a batch is larger than memory [default: the batch]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub micro_batch: Option<usize>,
    /// How many times everything is trained, each time from another seed [default: 2]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub seeds: Option<usize>,
    /// A second network for each batch size, trained by this method: at, pgd-at[:steps=7], fast[:alpha=1.25],
    /// trades[:beta=6,…], cure[:lambda=1]; or none [default: at, with fgsm]
    #[arg(long, value_name = "METHOD|none", value_parser = defence)]
    pub robust: Option<Defence>,
    /// Attack of --robust at, with options where wanted [default: fgsm]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub robust_attack: Option<String>,
    /// Budget of the robust training under L∞ [default: the smallest of --eps]
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon)]
    pub robust_eps: Option<f64>,
    /// Budgets of FGSM and FGSM-10 under L∞, rising and comma-separated, in pixels from 0 to 1 [default: 0.02,0.04]
    #[arg(long, value_name = "EPS,…", value_delimiter = ',', value_parser = parse_epsilon)]
    pub eps: Option<Vec<f64>>,
    /// Every training stops at this mean loss over the clean training samples [default: 0.05]
    #[arg(long, value_name = "LOSS", value_parser = parse::positive)]
    pub until_loss: Option<f64>,
    /// Or after so many epochs [default: 200]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub epochs: Option<usize>,
    /// Learning rate [default: 0.02]
    #[arg(long, value_name = "RATE", value_parser = parse::positive)]
    pub lr: Option<f64>,
    /// How the rate follows the batch size: constant, linear, or sqrt (then --lr is that of the smallest) [default: constant]
    #[arg(long, value_name = "constant|linear|sqrt", alias = "rate-rule")]
    pub lr_rule: Option<RateRule>,
    /// Share of the last step that is taken again [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = parse::share)]
    pub momentum: Option<f64>,
    /// Multiple of every parameter that is added to the gradient [default: 0]
    #[arg(long, value_name = "FACTOR", value_parser = parse::not_negative)]
    pub weight_decay: Option<f64>,
    /// How many samples of each split everything is measured on, the first ones; 0 for all [default: 400]
    #[arg(long, value_name = "N")]
    pub curvature_samples: Option<usize>,
    /// How many of the largest eigenvalues of the training Hessian [default: 20]
    #[arg(long, value_name = "K", value_parser = parse::at_least_one)]
    pub top: Option<usize>,
    /// The most products for each Hessian [default: 300]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub max_products: Option<usize>,
    /// Points of the line along the first eigenvector; 0 for none [default: 21]
    #[arg(long, value_name = "N", value_parser = parse::whole)]
    pub line_points: Option<usize>,
    /// Points of each side of the plane of the first two eigenvectors, of the smallest and the largest batch; 0 for none [default:
    /// 9]
    #[arg(long, value_name = "N", value_parser = parse::whole)]
    pub plane_points: Option<usize>,
    /// Measure λ₁ and the gradient every so many epochs of training with the largest batch, and of smaller ones in proportion more
    /// often; 0 for never [default: 8]
    #[arg(long, value_name = "EPOCHS", value_parser = parse::whole)]
    pub track_every: Option<usize>,
    /// How eigenvalues are found.
    #[command(flatten)]
    pub eigen: StudySolverFlags,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "hesse-out/large-batch")]
    pub out: PathBuf,
    /// Train and measure only part I of N, for one of several machines or processes; `hesse study merge` collects them
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// End with exit code 3 where a target loss was missed or an eigenvalue did not converge
    #[arg(long)]
    pub strict: bool,
    /// How it is run.
    #[command(flatten)]
    pub run: StudyRunFlags,
}

impl LargeBatchFlags {
    /// The study that the flags describe: a preset, and what was given beside it.
    ///
    /// # Errors
    /// Where method and attack of the robust training contradict each other.
    pub fn options(&self, command: &[String]) -> Result<LargeBatchOptions, String> {
        let quick = LargeBatchOptions::quick(&self.out);
        let preset = if self.paper {
            LargeBatchOptions::paper(self.samples.data.clone().unwrap_or_else(|| quick.data.clone()), &self.out)
        } else {
            quick
        };
        let epsilons = self.eps.clone().unwrap_or(preset.epsilons.clone());
        let robust = match &self.robust {
            Some(Defence::None) => None,
            None if self.robust_attack.is_none() && self.robust_eps.is_none() && self.eps.is_none() => {
                preset.robust.clone()
            }
            chosen => {
                let method = match chosen {
                    Some(Defence::Method(method)) => method.clone(),
                    _ => Method::Adversarial,
                };
                let penalty = matches!(method, Method::Cure { .. });
                let fgsm = || (method == Method::Adversarial).then(|| "fgsm".to_string());
                let words = AttackWords {
                    attack: self.robust_attack.clone().or_else(fgsm),
                    epsilon: self.robust_eps.or_else(|| epsilons.first().copied().filter(|_| !penalty)),
                    ..AttackWords::default()
                };
                Some(method.with(words)?)
            }
        };
        Ok(LargeBatchOptions {
            model: self.model.clone().unwrap_or(preset.model),
            data: self.samples.data.clone().unwrap_or(preset.data),
            normalization: self.samples.normalization(),
            samples: self.samples.samples.unwrap_or(preset.samples),
            test_samples: self.samples.test_samples.unwrap_or(preset.test_samples),
            batches: self.batch_sizes.clone().unwrap_or(preset.batches),
            seeds: self.seeds.unwrap_or(preset.seeds),
            robust,
            epsilons,
            micro_batch: self.micro_batch.or(preset.micro_batch),
            target_loss: self.until_loss.unwrap_or(preset.target_loss),
            epochs: self.epochs.unwrap_or(preset.epochs),
            rate: self.lr.unwrap_or(preset.rate),
            rate_rule: self.lr_rule.unwrap_or(preset.rate_rule),
            momentum: self.momentum.unwrap_or(preset.momentum),
            weight_decay: self.weight_decay.unwrap_or(preset.weight_decay),
            curvature_samples: parse::zero_for_all(self.curvature_samples, preset.curvature_samples),
            top: self.top.unwrap_or(preset.top),
            tolerance: self.eigen.tol.unwrap_or(preset.tolerance),
            max_products: self.max_products.unwrap_or(preset.max_products),
            solver: self.eigen.solver.clone().unwrap_or(preset.solver),
            line_points: self.line_points.unwrap_or(preset.line_points),
            plane_points: self.plane_points.unwrap_or(preset.plane_points),
            track_every: self.track_every.unwrap_or(preset.track_every),
            memory: self.run.memory(self.eigen.memory, preset.memory),
            backend: self.run.backend(),
            seed: self.run.machine.seed,
            force: self.run.force,
            command: command.to_vec(),
            ..preset
        })
    }
}

/// What `--robust` names.
#[derive(Debug, Clone, PartialEq)]
pub enum Defence {
    /// Plain networks alone.
    None,
    /// Robust ones besides.
    Method(Method),
}

fn defence(text: &str) -> Result<Defence, String> {
    if text == "none" { Ok(Defence::None) } else { text.parse().map(Defence::Method) }
}
