//! What every measurement at fixed weights needs: network, weights, samples, loss, machine.

use super::{DataFlags, LossFlags, MachineFlags, PerturbationFlags, parse};
use crate::data::{SampleRange, Split};
use crate::problem::{MemorySize, ProblemSpec, default_budget};
use clap::Args;
use hesse_core::graph::Mode;
use std::path::PathBuf;

/// Which problem.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Problem")]
pub struct MeasureFlags {
    /// Network, with options where wanted: `resnet20`, `m1:activation=tanh`; `hesse models` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub model: String,
    /// File of weights: safetensors, or PyTorch's .pt, .pth, .th or .pkl. Without it the initial weights of --seed
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Parameters to differentiate by, as globs over state-dict names, such as `layer1.*` or `*.bias,fc.*`; all unless
    /// given
    #[arg(long, value_name = "GLOB,…")]
    pub params: Option<String>,
    /// Batch norm with running statistics (eval) or those of each batch (train)
    #[arg(long, value_name = "eval|train", default_value = "eval", value_parser = parse::mode)]
    pub batch_norm: Mode,
    /// Which data.
    #[command(flatten)]
    pub data: DataFlags,
    /// Part of the data set
    #[arg(long, value_name = "train|test", default_value = "train", help_heading = "Data")]
    pub split: Split,
    /// Samples of that part, half-open and in file order, such as 0..128; all unless given
    #[arg(long, value_name = "A..B", help_heading = "Data")]
    pub samples: Option<SampleRange>,
    /// What is done to the samples.
    #[command(flatten)]
    pub perturbation: PerturbationFlags,
    /// Samples computed at once; results do not depend on it beyond rounding
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = parse::at_least_one, help_heading = "Machine")]
    pub batch_size: usize,
    /// Memory for intermediate results kept between products, such as 4GiB or 0; half of what is free unless given.
    /// More is faster, the result is the same
    #[arg(long, value_name = "BYTES", help_heading = "Machine")]
    pub memory: Option<MemorySize>,
    /// What is minimised.
    #[command(flatten)]
    pub loss: LossFlags,
    /// Where and how to compute.
    #[command(flatten)]
    pub machine: MachineFlags,
}

impl MeasureFlags {
    /// The problem that the flags describe.
    ///
    /// # Errors
    /// Where flags contradict each other.
    pub fn spec(&self) -> Result<ProblemSpec, String> {
        Ok(ProblemSpec {
            model: self.model.clone(),
            weights: self.weights.clone(),
            data: self.data.data.clone(),
            split: self.split,
            samples: self.samples.unwrap_or_default(),
            perturbation: self.perturbation.perturbation(),
            normalization: self.data.normalize.clone().unwrap_or_default(),
            loss: self.loss.loss()?,
            mode: self.batch_norm,
            backend: self.machine.backend(),
            seed: self.machine.seed,
            batch: self.batch_size,
            memory: self.memory.map_or_else(default_budget, |m| m.0),
        })
    }
}
