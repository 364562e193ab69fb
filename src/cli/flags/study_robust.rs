//! Flags of `study robust`.

use super::{MethodFlags, StudyRunFlags, StudySampleFlags, StudySolverFlags, parse};
use crate::attack::parse_epsilon;
use crate::study::RobustOptions;
use clap::Args;
use std::path::PathBuf;

/// Trains a network plainly and then against each of several attacks, and compares accuracy under attack, the line
/// between the weights, and the spectrum of the Hessian
///
/// Without any flag: a small network on generated glyphs, about two minutes on two cores. The original's adversarial
/// sets are made once and shown to every network, as in the paper, and every network is attacked on its own besides. A
/// control is trained on for as many epochs without an attack. With --as-large-batch-method it compares methods for very large
/// batches instead.
/// Stopped at any moment, the same command continues.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Study")]
#[command(after_help = "Examples:\n  hesse study robust\n  \
    hesse study robust --paper --data mnist:data/mnist --out runs/robust\n  \
    hesse study robust --attacks fgsm,pgd --eps-linf 0.05 --spectrum-samples 1,320\n  \
    hesse study robust --as-large-batch-method --batch-sizes 64,500,2000")]
pub struct RobustStudyFlags {
    /// The quick study, which is the default
    #[arg(long, conflicts_with = "paper")]
    pub quick: bool,
    /// The paper's conditions: m1 (c3 on colour pictures), 100 epochs and 5 to 10 more against each attack, all samples;
    /// many hours on two cores
    #[arg(long)]
    pub paper: bool,
    /// Network, with options where wanted [default: fastcnn:width=0.5]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub model: Option<String>,
    /// Which samples; those of the test split are attacked and evaluated.
    #[command(flatten)]
    pub samples: StudySampleFlags,
    /// Attacks, comma-separated: fgsm, fgsm10, l2grad, fhsm, l2hess, pgd [default: all that are registered]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub attacks: Option<Vec<String>>,
    /// Budget under L∞, in pixels from 0 to 1; 8/255 is understood [default: 0.03]
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon)]
    pub eps_linf: Option<f64>,
    /// Budget under L2 [default: 0.5]
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon)]
    pub eps_l2: Option<f64>,
    /// Epochs of the plain training [default: 16]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub epochs: Option<usize>,
    /// Epochs against each attack, and of the control without one [default: 5]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub tune_epochs: Option<usize>,
    /// Samples of one step [default: 32]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub batch_size: Option<usize>,
    /// Learning rate at the beginning of both trainings [default: 0.02]
    #[arg(long, value_name = "RATE", value_parser = parse::positive)]
    pub lr: Option<f64>,
    /// Share of the last step that is taken again [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = parse::share)]
    pub momentum: Option<f64>,
    /// Points of the line between original and robust weights [default: 13]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub line_points: Option<usize>,
    /// Training samples whose Hessian is measured, comma-separated; 0 for all [default: 1,320,0]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',')]
    pub spectrum_samples: Option<Vec<usize>>,
    /// How many of the largest eigenvalues [default: 2]
    #[arg(long, value_name = "K", value_parser = parse::at_least_one)]
    pub top: Option<usize>,
    /// The most products for each Hessian [default: 200]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub max_products: Option<usize>,
    /// How eigenvalues are found.
    #[command(flatten)]
    pub eigen: StudySolverFlags,
    /// Folder for the results [default: hesse-out/robust, or hesse-out/large-batch-method]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// End with exit code 3 where an eigenvalue did not converge
    #[arg(long)]
    pub strict: bool,
    /// Another study of robust training.
    #[command(flatten)]
    pub method: MethodFlags,
    /// How it is run.
    #[command(flatten)]
    pub run: StudyRunFlags,
}

impl RobustStudyFlags {
    /// The folder.
    pub fn out(&self) -> PathBuf {
        let name = if self.method.as_large_batch_method { "large-batch-method" } else { "robust" };
        self.out.clone().unwrap_or_else(|| PathBuf::from("hesse-out").join(name))
    }

    /// The study that the flags describe: a preset, and what was given beside it.
    pub fn options(&self, command: &[String]) -> RobustOptions {
        let out = self.out();
        let quick = RobustOptions::quick(&out);
        let preset = if self.paper {
            RobustOptions::paper(self.samples.data.clone().unwrap_or_else(|| quick.data.clone()), &out)
        } else {
            quick
        };
        RobustOptions {
            model: self.model.clone().unwrap_or(preset.model),
            data: self.samples.data.clone().unwrap_or(preset.data),
            normalization: self.samples.normalization(),
            samples: self.samples.samples.unwrap_or(preset.samples),
            test_samples: self.samples.test_samples.unwrap_or(preset.test_samples),
            attacks: self.attacks.clone().unwrap_or(preset.attacks),
            epsilon_linf: self.eps_linf.unwrap_or(preset.epsilon_linf),
            epsilon_l2: self.eps_l2.unwrap_or(preset.epsilon_l2),
            epochs: self.epochs.unwrap_or(preset.epochs),
            tune_epochs: self.tune_epochs.unwrap_or(preset.tune_epochs),
            batch: self.batch_size.unwrap_or(preset.batch),
            rate: self.lr.unwrap_or(preset.rate),
            momentum: self.momentum.unwrap_or(preset.momentum),
            line_points: self.line_points.unwrap_or(preset.line_points),
            spectrum_samples: self.spectrum_samples.clone().unwrap_or(preset.spectrum_samples),
            top: self.top.unwrap_or(preset.top),
            tolerance: self.eigen.tol.unwrap_or(preset.tolerance),
            max_products: self.max_products.unwrap_or(preset.max_products),
            solver: self.eigen.solver.clone().unwrap_or(preset.solver),
            memory: self.run.memory(self.eigen.memory, preset.memory),
            backend: self.run.backend(),
            seed: self.run.machine.seed,
            force: self.run.force,
            command: command.to_vec(),
            ..preset
        }
    }
}
