//! Flags of `study robust --as-large-batch-method`.

use super::{RobustStudyFlags, parse};
use crate::study::{LargeBatchOptions, named_attacks};
use crate::train::{Adversary, Robust};
use clap::Args;

/// What this comparison has and the study of attacks has not.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "As a method for large batches")]
pub struct MethodFlags {
    /// Compare plain training, a learning rate in proportion to the batch size and robust training at very large batches, in
    /// place of attacks with each other
    #[arg(long, conflicts_with_all = ["tune_epochs", "line_points", "spectrum_samples", "batch_size", "eps_l2"])]
    pub as_large_batch_method: bool,
    /// Batch sizes, rising and comma-separated; the rate is that of the smallest [default: 64,500,2000]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', value_parser = parse::at_least_one, requires = "as_large_batch_method")]
    pub batch_sizes: Option<Vec<usize>>,
    /// Samples computed at once, where a batch is larger than memory [default: the batch]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one, requires = "as_large_batch_method")]
    pub micro_batch: Option<usize>,
    /// How many times everything is trained, each time from another seed [default: 1]
    #[arg(long, value_name = "N", value_parser = parse::at_least_one, requires = "as_large_batch_method")]
    pub seeds: Option<usize>,
    /// A training stops before --epochs at this mean loss over the clean training samples [default: 0.05]
    #[arg(long, value_name = "LOSS", value_parser = parse::positive, requires = "as_large_batch_method")]
    pub until_loss: Option<f64>,
    /// Epochs over which a scaled rate rises to its value [default: 5]
    #[arg(long, value_name = "EPOCHS", value_parser = parse::not_negative, requires = "as_large_batch_method")]
    pub warmup: Option<f64>,
    /// How many samples of each split curvature and attacks are measured on, the first ones; 0 for all [default: 500]
    #[arg(long, value_name = "N", requires = "as_large_batch_method")]
    pub curvature_samples: Option<usize>,
}

impl RobustStudyFlags {
    /// The comparison that the flags describe: a preset, and what was given beside it.
    ///
    /// # Errors
    /// Where more than one attack is named, or one that is not there.
    pub fn method_options(&self, command: &[String]) -> Result<LargeBatchOptions, String> {
        let (out, own) = (self.out(), &self.method);
        let quick = LargeBatchOptions::method_quick(&out);
        let preset = if self.paper {
            LargeBatchOptions::method_paper(self.samples.data.clone().unwrap_or_else(|| quick.data.clone()), &out)
        } else {
            quick
        };
        let epsilons = self.eps_linf.map_or(preset.epsilons.clone(), |e| vec![e]);
        let robust = match (&self.attacks, self.eps_linf) {
            (None, None) => preset.robust.clone(),
            (named, _) => {
                let attacks = named.clone().unwrap_or_else(|| vec!["fgsm".to_string()]);
                if attacks.len() != 1 {
                    return Err(format!("--as-large-batch-method trains against one attack, found {}", attacks.len()));
                }
                let epsilon = epsilons.first().copied().unwrap_or_default();
                let (chosen, _) = named_attacks(&attacks, [epsilon; 2]).map_err(|error| error.to_string())?;
                let attack = chosen.first().map(|a| Adversary::new(a.training, a.norm, a.epsilon));
                attack.map(Robust::Adversarial)
            }
        };
        Ok(LargeBatchOptions {
            model: self.model.clone().unwrap_or(preset.model),
            data: self.samples.data.clone().unwrap_or(preset.data),
            normalization: self.samples.normalization(),
            samples: self.samples.samples.unwrap_or(preset.samples),
            test_samples: self.samples.test_samples.unwrap_or(preset.test_samples),
            batches: own.batch_sizes.clone().unwrap_or(preset.batches),
            micro_batch: own.micro_batch.or(preset.micro_batch),
            seeds: own.seeds.unwrap_or(preset.seeds),
            warmup: own.warmup.or(preset.warmup),
            robust,
            epsilons,
            target_loss: own.until_loss.unwrap_or(preset.target_loss),
            epochs: self.epochs.unwrap_or(preset.epochs),
            rate: self.lr.unwrap_or(preset.rate),
            momentum: self.momentum.unwrap_or(preset.momentum),
            curvature_samples: parse::zero_for_all(own.curvature_samples, preset.curvature_samples),
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
        })
    }
}
