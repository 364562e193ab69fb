//! Flags of `sharpness`.

use super::{MeasureFlags, OutputFlags, parse};
use crate::sharpness::SharpnessOptions;
use clap::Args;

/// Measures how sharp the loss is at the weights
///
/// Eigenvalues and trace of the Hessian; what the loss gains within a radius of the weights (sharpness-aware
/// minimisation), also with each weight's distance measured by its own size (adaptive); the same over mini-batches; and
/// batch sharpness, the curvature along the gradients of mini-batches. With --rate, beside 2/η.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  \
    hesse sharpness --model m1 --weights runs/m1/model.safetensors --data glyphs --samples 0..1000 --rate 0.02")]
pub struct SharpnessFlags {
    /// Which problem.
    #[command(flatten)]
    pub measure: MeasureFlags,
    /// Radius of the ball of weights
    #[arg(long, value_name = "RADIUS", default_value_t = 0.05, value_parser = parse::positive, help_heading = "Sharpness")]
    pub rho: f64,
    /// Radius of the ball in which each weight's distance is divided by its size
    #[arg(long, value_name = "RADIUS", default_value_t = 0.5, value_parser = parse::positive, help_heading = "Sharpness")]
    pub adaptive_rho: f64,
    /// Random directions of the average
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = parse::at_least_two, help_heading = "Sharpness")]
    pub directions: usize,
    /// The most gradients that the search for the worst direction spends
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = parse::at_least_two, help_heading = "Sharpness")]
    pub steps: usize,
    /// Samples of a mini-batch
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = parse::at_least_one, help_heading = "Sharpness")]
    pub mini_batch: usize,
    /// Mini-batches
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = parse::at_least_one, help_heading = "Sharpness")]
    pub mini_batches: usize,
    /// Products for the trace
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = parse::at_least_two, help_heading = "Sharpness")]
    pub trace_probes: usize,
    /// Learning rate η of the training: adds the line 2/η
    #[arg(long, value_name = "RATE", value_parser = parse::positive, help_heading = "Sharpness")]
    pub rate: Option<f64>,
    /// Bound on the residual ‖Hv − λv‖ / |λ₁| of each eigenvalue
    #[arg(long, value_name = "TOL", default_value_t = 1e-3, value_parser = parse::positive, help_heading = "Sharpness")]
    pub tol: f64,
    /// The most Hessian-vector products that the solver may spend
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse::at_least_one, help_heading = "Sharpness")]
    pub max_products: usize,
    /// Eigensolver, with options where wanted; `hesse solvers` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", default_value = "lanczos", help_heading = "Sharpness")]
    pub solver: String,
    /// End with exit code 3 where an eigenvalue did not converge
    #[arg(long, help_heading = "Sharpness")]
    pub strict: bool,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl SharpnessFlags {
    /// What is wanted.
    pub fn options(&self) -> SharpnessOptions {
        SharpnessOptions {
            params: self.measure.params.clone(),
            radius: self.rho,
            adaptive_radius: self.adaptive_rho,
            directions: self.directions,
            steps: self.steps,
            mini_batch: self.mini_batch,
            mini_batches: self.mini_batches,
            trace_probes: self.trace_probes,
            rate: self.rate,
            tolerance: self.tol,
            max_products: self.max_products,
            solver: self.solver.clone(),
        }
    }
}
