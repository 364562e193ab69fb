//! Flags of `study`.

use super::{MachineFlags, OutputFlags, PlotFlags, RobustStudyFlags, SaddleFreeFlags, parse};
use crate::data::{DataSpec, SampleRange};
use crate::problem::{MemorySize, parse_normalization};
use crate::study::{LargeBatchOptions, RateRule};
use clap::{Args, Subcommand};
use hesse_core::model::Normalization;
use std::path::PathBuf;

/// Repeat an experiment.
#[derive(Debug, Subcommand)]
pub enum StudyCommand {
    /// Train one network with several batch sizes to the same loss, and compare the curvature where each ends
    LargeBatch(Box<LargeBatchFlags>),
    /// Train one network against several attacks, and compare accuracy under attack and curvature with the plain one
    Robust(Box<RobustStudyFlags>),
    /// Check the theorem that ReLU networks are free of saddle points as functions of their input, and break it
    SaddleFree(Box<SaddleFreeFlags>),
}

/// Trains one network with several batch sizes to the same loss, and measures the largest eigenvalues of the Hessian
/// where each ends, on training and test samples
///
/// Without any flag: m1 on generated glyphs, a few minutes on two cores. Stopped at any moment, the same command
/// continues.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Study")]
#[command(after_help = "Examples:\n  hesse study large-batch\n  \
    hesse study large-batch --paper --data mnist:data/mnist --out runs/large-batch")]
pub struct LargeBatchFlags {
    /// The paper's conditions: batches of 64 to 2,048, training loss 0.001, curvature on all samples; hours on two
    /// cores
    #[arg(long)]
    pub paper: bool,
    /// Network, with options where wanted [default: m1]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub model: Option<String>,
    /// Data set: glyphs[:OPTIONS], mnist[:DIR], cifar10[:DIR] or cifar100[:DIR] [default: glyphs, 4,000 training and
    /// 1,000 test samples]
    #[arg(long, value_name = "SET[:DIR]")]
    pub data: Option<DataSpec>,
    /// Mean and deviation per channel [default: none]
    #[arg(long, value_name = "MEAN/STD", value_parser = parse_normalization)]
    pub normalize: Option<Normalization>,
    /// Samples of the train split to train on [default: all]
    #[arg(long, value_name = "A..B")]
    pub samples: Option<SampleRange>,
    /// Samples of the test split to evaluate on [default: all]
    #[arg(long, value_name = "A..B")]
    pub test_samples: Option<SampleRange>,
    /// Batch sizes, rising and comma-separated [default: 64,256,1024]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', value_parser = parse::at_least_one)]
    pub batch_sizes: Option<Vec<usize>>,
    /// Samples computed at once, where a batch is larger than memory [default: the batch]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub micro_batch: Option<usize>,
    /// Every training stops at this mean training loss [default: 0.02]
    #[arg(long, value_name = "LOSS", value_parser = parse::positive)]
    pub until_loss: Option<f64>,
    /// Or after so many epochs [default: 200]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub epochs: Option<usize>,
    /// Learning rate [default: 0.02]
    #[arg(long, value_name = "RATE", value_parser = parse::positive)]
    pub lr: Option<f64>,
    /// How the rate follows the batch size: constant, or linear (then --lr is that of the smallest) [default: constant]
    #[arg(long, value_name = "constant|linear")]
    pub rate_rule: Option<RateRule>,
    /// Share of the last step that is taken again [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = parse::share)]
    pub momentum: Option<f64>,
    /// Multiple of every parameter that is added to the gradient [default: 0]
    #[arg(long, value_name = "FACTOR", value_parser = parse::not_negative)]
    pub weight_decay: Option<f64>,
    /// How many samples of each split the Hessian is of, the first ones; 0 for all [default: 1000]
    #[arg(long, value_name = "N")]
    pub curvature_samples: Option<usize>,
    /// How many of the largest eigenvalues [default: 3]
    #[arg(long, value_name = "K", value_parser = parse::at_least_one)]
    pub top: Option<usize>,
    /// Bound on the residual ‖Hv − λv‖ / |λ₁| of each eigenvalue [default: 1e-3]
    #[arg(long, value_name = "TOL", value_parser = parse::positive)]
    pub tol: Option<f64>,
    /// The most products for each Hessian [default: 300]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub max_products: Option<usize>,
    /// Eigensolver, with options where wanted [default: lanczos]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub solver: Option<String>,
    /// Memory for intermediate results kept between products, such as 4GiB or 0 [default: half of what is free]
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<MemorySize>,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "hesse-out/large-batch")]
    pub out: PathBuf,
    /// Train again where the folder holds a network that was trained otherwise
    #[arg(long)]
    pub force: bool,
    /// End with exit code 3 where a target loss was missed or an eigenvalue did not converge
    #[arg(long)]
    pub strict: bool,
    /// Where and how to compute.
    #[command(flatten)]
    pub machine: MachineFlags,
    /// A picture.
    #[command(flatten)]
    pub plot: PlotFlags,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl LargeBatchFlags {
    /// The study that the flags describe: a preset, and what was given beside it.
    pub fn options(&self, command: &[String]) -> LargeBatchOptions {
        let quick = LargeBatchOptions::quick(&self.out);
        let preset = if self.paper {
            LargeBatchOptions::paper(self.data.clone().unwrap_or_else(|| quick.data.clone()), &self.out)
        } else {
            quick
        };
        LargeBatchOptions {
            model: self.model.clone().unwrap_or(preset.model),
            data: self.data.clone().unwrap_or(preset.data),
            normalization: self.normalize.clone().unwrap_or(preset.normalization),
            samples: self.samples.unwrap_or(preset.samples),
            test_samples: self.test_samples.unwrap_or(preset.test_samples),
            batches: self.batch_sizes.clone().unwrap_or(preset.batches),
            micro_batch: self.micro_batch.or(preset.micro_batch),
            target_loss: self.until_loss.unwrap_or(preset.target_loss),
            epochs: self.epochs.unwrap_or(preset.epochs),
            rate: self.lr.unwrap_or(preset.rate),
            rate_rule: self.rate_rule.unwrap_or(preset.rate_rule),
            momentum: self.momentum.unwrap_or(preset.momentum),
            weight_decay: self.weight_decay.unwrap_or(preset.weight_decay),
            curvature_samples: match self.curvature_samples {
                None => preset.curvature_samples,
                Some(0) => None,
                Some(n) => Some(n),
            },
            top: self.top.unwrap_or(preset.top),
            tolerance: self.tol.unwrap_or(preset.tolerance),
            max_products: self.max_products.unwrap_or(preset.max_products),
            solver: self.solver.clone().unwrap_or(preset.solver),
            curvature_batch: preset.curvature_batch,
            memory: self.memory.map_or(preset.memory, |m| m.0),
            backend: self.machine.backend(),
            seed: self.machine.seed,
            out: preset.out,
            force: self.force,
            checkpoint_every: preset.checkpoint_every,
            command: command.to_vec(),
        }
    }
}
