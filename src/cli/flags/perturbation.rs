//! Samples other than those of the file: perturbed, or replaced by adversarial ones.

use crate::problem::Perturbation;
use clap::Args;
use std::path::PathBuf;

/// What is done to the samples.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Data")]
pub struct PerturbationFlags {
    /// Measure at x + δ: a file (safetensors) with a tensor δ for the selected samples, `[samples, planes, rows, columns]`,
    /// in pixels of [0, 1]. Curvature is then that of the adversarial loss at fixed perturbations
    #[arg(long, value_name = "FILE", conflicts_with = "adversarial")]
    pub perturbation: Option<PathBuf>,
    /// Measure at these samples with the labels of the data: a file (safetensors) of adversarial samples, of the same
    /// shape as the selected ones
    #[arg(long, value_name = "FILE")]
    pub adversarial: Option<PathBuf>,
}

impl PerturbationFlags {
    /// What the flags say.
    pub fn perturbation(&self) -> Option<Perturbation> {
        let added = self.perturbation.clone().map(Perturbation::Added);
        added.or_else(|| self.adversarial.clone().map(Perturbation::Replaced))
    }
}
