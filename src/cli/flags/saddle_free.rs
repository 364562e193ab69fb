//! Flags of `study saddle-free`.

use super::{StudyRunFlags, StudySampleFlags, parse};
use crate::study::saddle_free::{CellSpec, SaddleFreeOptions};
use clap::Args;
use hesse_core::graph::Mode;
use std::path::PathBuf;

/// Checks, sample by sample, that the loss of a piecewise-linear network has a positive semi-definite Hessian with respect
/// to its input, of rank at most C − 1 and with the gradient in its range; and that smooth networks and batch norm in
/// train mode break this
///
/// Without any flag: six small networks on generated glyphs, some minutes on two cores. Stopped at any moment, the same
/// command continues.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Study")]
#[command(after_help = "Examples:\n  hesse study saddle-free\n  \
    hesse study saddle-free --model m1 --model m1:activation=tanh --data mnist:data/mnist --out runs/saddle-free")]
pub struct SaddleFreeFlags {
    /// Network to check, with options where wanted; may be given several times [default: mlp, m1 and resnet20 with ReLU,
    /// m1 with tanh, mlp with softplus]
    #[arg(long = "model", value_name = "NAME[:KEY=VALUE,…]")]
    pub models: Vec<String>,
    /// Network to check with batch norm in train mode; may be given several times [default: resnet20, unless --model is
    /// given]
    #[arg(long = "train-mode", value_name = "NAME[:KEY=VALUE,…]")]
    pub train_mode: Vec<String>,
    /// Which samples; those of the test split are checked.
    #[command(flatten)]
    pub samples: StudySampleFlags,
    /// Every training stops at this mean training loss [default: 0.1]
    #[arg(long, value_name = "LOSS", value_parser = parse::positive)]
    pub until_loss: Option<f64>,
    /// Or after so many epochs [default: 8]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub epochs: Option<usize>,
    /// Learning rate [default: 0.02]
    #[arg(long, value_name = "RATE", value_parser = parse::positive)]
    pub lr: Option<f64>,
    /// The most products for each sample; those of a low rank need about C + 1 [default: 48]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub max_products: Option<usize>,
    /// λ_min below minus this share of λ₁ counts as negative [default: 1e-6]
    #[arg(long, value_name = "SHARE", value_parser = parse::positive)]
    pub tol: Option<f64>,
    /// Points along each side of the landscape around one sample of each network; 0 for none [default: 21]
    #[arg(long, value_name = "N", value_parser = parse::whole)]
    pub landscape: Option<usize>,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "hesse-out/saddle-free")]
    pub out: PathBuf,
    /// End with exit code 3 where a network did not come out as the theory says
    #[arg(long)]
    pub strict: bool,
    /// How it is run; Hessians are checked in f64 in any case.
    #[command(flatten)]
    pub run: StudyRunFlags,
}

impl SaddleFreeFlags {
    /// The study that the flags describe: the preset, and what was given beside it.
    pub fn options(&self, command: &[String]) -> SaddleFreeOptions {
        let preset = SaddleFreeOptions::quick(&self.out);
        let given = |models: &[String], mode| {
            models.iter().map(|model| CellSpec { model: model.clone(), mode }).collect::<Vec<CellSpec>>()
        };
        let mut cells = given(&self.models, Mode::Eval);
        cells.extend(given(&self.train_mode, Mode::Train));
        SaddleFreeOptions {
            cells: if cells.is_empty() { preset.cells } else { cells },
            data: self.samples.data.clone().unwrap_or(preset.data),
            normalization: self.samples.normalization(),
            samples: self.samples.samples.unwrap_or(preset.samples),
            test_samples: self.samples.test_samples.unwrap_or(preset.test_samples),
            target_loss: self.until_loss.unwrap_or(preset.target_loss),
            epochs: self.epochs.unwrap_or(preset.epochs),
            rate: self.lr.unwrap_or(preset.rate),
            max_products: self.max_products.unwrap_or(preset.max_products),
            semi_definite: self.tol.unwrap_or(preset.semi_definite),
            landscape_side: self.landscape.unwrap_or(preset.landscape_side),
            backend: self.run.backend(),
            seed: self.run.machine.seed,
            force: self.run.force,
            command: command.to_vec(),
            out: preset.out,
            measure_batch: preset.measure_batch,
            batch: preset.batch,
            coupled_batch: preset.coupled_batch,
            coupled_samples: preset.coupled_samples,
            coupled_products: preset.coupled_products,
            rank_threshold: preset.rank_threshold,
            range_tolerance: preset.range_tolerance,
            landscape_radius: preset.landscape_radius,
            memory: self.run.memory(None, preset.memory),
            checkpoint_every: preset.checkpoint_every,
        }
    }
}
