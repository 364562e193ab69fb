//! Flags of what is estimated from random probes.

use super::parse;
use crate::estimate::{DataErrorOptions, DensityOptions, DiagonalOptions, EstimateOptions, ScalarOptions};
use clap::Args;
use hesse_core::estimate::Goal;
use hesse_core::estimate::resampling::Resampling;
use std::path::PathBuf;

/// Replicates of the bootstrap: enough for a standard error to 2 %.
const REPLICATES: usize = 1000;

/// Density, trace, norm, diagonal, and the error of data sampling.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Estimates")]
pub struct EstimateFlags {
    /// The density of all eigenvalues; converged eigenpairs become exact sticks
    #[arg(long)]
    pub density: bool,
    /// Lanczos steps of each probe of the density
    #[arg(long, value_name = "M", default_value_t = 80, value_parser = parse::at_least_one)]
    pub density_steps: usize,
    /// Probes of the density; with one there is no error over probes
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse::at_least_one)]
    pub probes: usize,
    /// How the density is estimated; `hesse estimators` lists what there is
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", default_value = "slq")]
    pub density_method: String,
    /// The trace, with its standard error
    #[arg(long)]
    pub trace: bool,
    /// How the trace is found [default: exact where it can be, else hutchinson beside known eigenpairs, xtrace without].
    /// `exact` takes C backward passes of each sample, on ReLU networks and for Gauss-Newton matrices
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub trace_method: Option<String>,
    /// Stop when the confidence interval of the trace (and of the squared Frobenius norm) is within this share of it
    #[arg(long, value_name = "REL", default_value_t = 0.01, value_parser = parse::positive)]
    pub trace_error: f64,
    /// The most products for the trace, and again for the norm
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = at_least_four)]
    pub trace_products: usize,
    /// Confidence of every interval and band
    #[arg(long, value_name = "P", default_value_t = 0.95, value_parser = confidence)]
    pub confidence: f64,
    /// The Frobenius norm, the root of the sum of squared eigenvalues
    #[arg(long)]
    pub frobenius: bool,
    /// Write the diagonal with standard errors to this safetensors file
    #[arg(long, value_name = "FILE")]
    pub diagonal: Option<PathBuf>,
    /// How the diagonal is found [default: exact where it can be, else xdiag]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub diagonal_method: Option<String>,
    /// Stop when the expected Euclidean error of the diagonal is within this share of its norm
    #[arg(long, value_name = "REL", default_value_t = 0.1, value_parser = parse::positive)]
    pub diagonal_error: f64,
    /// The most products for the diagonal
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = at_least_four)]
    pub diagonal_products: usize,
    /// Also tell how far eigenvalues, trace, loss and gradient would move with other samples
    #[arg(long, value_name = "jackknife|bootstrap", value_parser = ["jackknife", "bootstrap"])]
    pub data_error: Option<String>,
    /// Groups of consecutive samples for it
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_two)]
    pub data_groups: usize,
    /// Probes multiplied at once; more of them need more memory
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = parse::at_least_one)]
    pub probe_block: usize,
}

fn at_least(text: &str, least: usize) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(n) if n >= least => Ok(n),
        _ => Err(format!("expected a whole number of at least {least}")),
    }
}

fn at_least_two(text: &str) -> Result<usize, String> {
    at_least(text, 2)
}

fn at_least_four(text: &str) -> Result<usize, String> {
    at_least(text, 4)
}

fn confidence(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(v) if v > 0.0 && v < 1.0 => Ok(v),
        _ => Err("expected a number between 0 and 1, such as 0.95".to_string()),
    }
}

impl EstimateFlags {
    /// What is to be estimated; `seed` is for the bootstrap.
    pub fn options(&self, seed: u64) -> EstimateOptions {
        let confidence = self.confidence;
        let goal = |relative_error| Goal { relative_error, confidence, ..Goal::default() };
        let scalar = |wanted: bool, method: &Option<String>| {
            let (goal, max_products) = (goal(self.trace_error), self.trace_products);
            wanted.then(|| ScalarOptions { method: method.clone(), goal, max_products })
        };
        EstimateOptions {
            density: self.density.then(|| DensityOptions {
                method: self.density_method.clone(),
                steps: self.density_steps,
                probes: self.probes,
                confidence,
            }),
            trace: scalar(self.trace, &self.trace_method),
            frobenius: scalar(self.frobenius, &None),
            diagonal: self.diagonal.clone().map(|file| DiagonalOptions {
                file,
                method: self.diagonal_method.clone(),
                goal: goal(self.diagonal_error),
                max_products: self.diagonal_products,
            }),
            data_error: self.data_error.as_deref().map(|name| DataErrorOptions {
                resampling: match name {
                    "bootstrap" => Resampling::Bootstrap { replicates: REPLICATES, seed },
                    _ => Resampling::Jackknife,
                },
                groups: self.data_groups,
            }),
            block: self.probe_block,
        }
    }
}
