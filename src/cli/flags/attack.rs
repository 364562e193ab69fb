//! Flags of `attack`.

use super::{DataFlags, MachineFlags, OutputFlags, PlotFlags, parse};
use crate::attack::{AttackOptions, TargetRule, parse_attacks, parse_epsilon, usual_epsilon};
use crate::data::{SampleRange, Split};
use crate::problem::ProblemSpec;
use clap::Args;
use hesse_core::attack::Norm;
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use std::path::PathBuf;

/// Attacks a network's inputs and counts what still is classified correctly
///
/// Perturbations are projected to the ball of radius ε and to pixels from 0 to 1, and the network is asked once more
/// about what comes out; only that counts. Misclassified samples count as fooled. Of several attacks the worst case for
/// each sample is given too.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    hesse attack --model m1 --weights runs/m1/model.safetensors --data glyphs --attack fgsm,noise --eps 0.05,0.1\n  \
    hesse attack --model smallcnn --weights trades.pt --data mnist --samples 0..500 \\\n      \
    --attack pgd:steps=40,step=0.01,restarts=5,apgd:loss=dlr --eps 0.3\n  \
    hesse attack --model smallcnn --weights trades.pt --data mnist --samples 0..100 --attack autoattack\n  \
    hesse attack --model m1 --weights m1.safetensors --data mnist --attack pgd --targeted least-likely --eps 0.2 \\\n      \
    --save attacked.safetensors --sheet attacked.png\n\n\
    In a list of attacks, a part without `=`, or with `:` before its first `=`, begins a new attack; `;` always does.")]
pub struct AttackFlags {
    /// Attacks, comma-separated, with options where wanted: `fgsm,pgd:steps=40,step=2/255`; `hesse attacks` lists them.
    /// May be given several times
    #[arg(long, value_name = "NAME[:KEY=VALUE,…],…", required = true, help_heading = "Attack")]
    pub attack: Vec<String>,
    /// Largest norms of a perturbation, comma-separated, in pixels from 0 to 1; fractions such as 8/255 are understood.
    /// Without it that of published tables: linf 0.3 on mnist, linf 8/255 on cifar10 and cifar100, l2 0.5 and l1 12 on
    /// cifar10
    #[arg(long, value_name = "EPS,…", help_heading = "Attack")]
    #[arg(value_delimiter = ',', value_parser = parse_epsilon, allow_negative_numbers = true)]
    pub eps: Vec<f64>,
    /// How perturbations are measured
    #[arg(long, value_name = "linf|l2|l1", default_value = "linf", help_heading = "Attack")]
    pub norm: Norm,
    /// Reach a certain other class: the next one, the least likely, one at random, or each of all in turn
    #[arg(long, value_name = "next|least-likely|random|all", help_heading = "Attack")]
    pub targeted: Option<TargetRule>,
    /// Look for signs of attacks that fail for other reasons than robustness, which costs more queries
    #[arg(long, help_heading = "Attack")]
    pub indicators: bool,
    /// Attacked samples, with indices, labels, predictions and distances, as safetensors
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save: Option<PathBuf>,
    /// Some attacked samples as a picture: original, perturbation amplified, result
    #[arg(long, value_name = "FILE.png", help_heading = "Output")]
    pub sheet: Option<PathBuf>,
    /// Mean loss of every step of every attack, as comma-separated values
    #[arg(long, value_name = "FILE.csv", help_heading = "Output")]
    pub trace: Option<PathBuf>,
    /// Network, with options where wanted: `resnet20`, `m1:activation=tanh`; `hesse models` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", help_heading = "Problem")]
    pub model: String,
    /// File of weights: safetensors, or PyTorch's .pt, .pth, .th or .pkl. Without it the initial weights of --seed
    #[arg(long, value_name = "FILE", help_heading = "Problem")]
    pub weights: Option<PathBuf>,
    /// Which data.
    #[command(flatten)]
    pub data: DataFlags,
    /// Part of the data set
    #[arg(long, value_name = "train|test", default_value = "test", help_heading = "Data")]
    pub split: Split,
    /// Samples of that part, half-open and in file order, such as 0..500; all unless given
    #[arg(long, value_name = "A..B", help_heading = "Data")]
    pub samples: Option<SampleRange>,
    /// Samples attacked at once; results do not depend on it beyond rounding
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = parse::at_least_one, help_heading = "Machine")]
    pub batch_size: usize,
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

impl AttackFlags {
    /// What is wanted.
    ///
    /// # Errors
    /// Where the list of attacks cannot be read, or no budget is given and there is no usual one.
    pub fn options(&self) -> Result<AttackOptions, String> {
        let mut attacks = Vec::new();
        for text in &self.attack {
            attacks.extend(parse_attacks(text).map_err(|e| format!("--attack: {e}"))?);
        }
        let mut epsilons = self.eps.clone();
        if epsilons.is_empty() {
            let data = self.data.data.kind.name();
            let usual = usual_epsilon(data, self.norm);
            epsilons.push(usual.ok_or_else(|| {
                format!(
                    "--eps: expected a number such as 0.3 or 8/255, found none, and {data} has no usual one under {}",
                    self.norm
                )
            })?);
        }
        Ok(AttackOptions {
            attacks,
            epsilons,
            norm: self.norm,
            targets: self.targeted,
            indicators: self.indicators,
            keep: self.save.is_some() || self.sheet.is_some(),
        })
    }

    /// The problem that the flags describe; batch norm always uses running statistics.
    pub fn spec(&self) -> ProblemSpec {
        ProblemSpec {
            model: self.model.clone(),
            weights: self.weights.clone(),
            data: self.data.data.clone(),
            split: self.split,
            samples: self.samples.unwrap_or_default(),
            perturbation: None,
            normalization: self.data.normalize.clone().unwrap_or_default(),
            loss: Loss::default(),
            mode: Mode::Eval,
            backend: self.machine.backend(),
            seed: self.machine.seed,
            batch: self.batch_size,
            memory: 0,
        }
    }
}
