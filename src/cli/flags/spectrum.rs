//! Flags of `spectrum`.

use super::{EstimateFlags, InputFlags, MatrixFlags, MeasureFlags, OutputFlags, PlotFlags, SolverFlags, parse};
use crate::spectrum::SpectrumOptions;
use clap::Args;

/// What is used where none is named.
pub(super) const DEFAULT_SOLVER: &str = "lanczos";

/// Computes the extreme eigenvalues of the Hessian of the mean loss with respect to the weights
///
/// Second derivatives are exact; every eigenvalue is printed with its residual ‖Hv − λv‖ / |λ₁|, verified by fresh
/// products, and marked where the residual is above --tol.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    hesse spectrum --model m1 --data glyphs --samples 0..1000 --top 5\n  \
    hesse spectrum --model resnet20 --weights resnet20.th --data cifar10:data/cifar10 \\\n      \
    --normalize 0.485,0.456,0.406/0.229,0.224,0.225 --split test --samples 0..128 --top 10 --bottom 2 --json out.json\n  \
    hesse spectrum --model m1 --data glyphs --samples 0..1000 --top 10 --density --trace --data-error jackknife\n  \
    hesse spectrum --model m1 --data glyphs --samples 0..1000 --wrt inputs")]
pub struct SpectrumFlags {
    /// Which problem.
    #[command(flatten)]
    pub measure: MeasureFlags,
    /// Which matrix.
    #[command(flatten)]
    pub matrix: MatrixFlags,
    /// Weights or inputs.
    #[command(flatten)]
    pub inputs: InputFlags,
    /// How many of the algebraically largest eigenvalues
    #[arg(long, value_name = "K", default_value_t = 1, help_heading = "Spectrum")]
    pub top: usize,
    /// How many of the algebraically smallest eigenvalues
    #[arg(long, value_name = "K", default_value_t = 0, help_heading = "Spectrum")]
    pub bottom: usize,
    /// Bound on the residual ‖Hv − λv‖ / |λ₁| of each eigenvalue
    #[arg(long, value_name = "TOL", default_value_t = 1e-3, value_parser = parse::positive, help_heading = "Spectrum")]
    pub tol: f64,
    /// The most Hessian-vector products that the solver may spend
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse::at_least_one, help_heading = "Spectrum")]
    pub max_products: usize,
    /// Eigensolver, with options where wanted; `hesse solvers` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", default_value = DEFAULT_SOLVER, help_heading = "Spectrum")]
    pub solver: String,
    /// Skip the short self-test (four products) that runs first
    #[arg(long, help_heading = "Spectrum")]
    pub no_self_test: bool,
    /// End with exit code 3 where an eigenvalue did not converge
    #[arg(long, help_heading = "Spectrum")]
    pub strict: bool,
    /// What is estimated from random probes.
    #[command(flatten)]
    pub estimates: EstimateFlags,
    /// What is done around the solver.
    #[command(flatten)]
    pub around: SolverFlags,
    /// A picture.
    #[command(flatten)]
    pub plot: PlotFlags,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl SpectrumFlags {
    /// What is wanted of the spectrum.
    ///
    /// # Errors
    /// Where nothing is.
    pub fn options(&self) -> Result<SpectrumOptions, String> {
        let estimates = self.estimates.options(self.measure.spec()?.seed);
        if self.top == 0 && self.bottom == 0 && !estimates.any() {
            return Err("--top 0: expected at least one eigenvalue; ask for --top K or --bottom K".to_string());
        }
        Ok(SpectrumOptions {
            largest: self.top,
            smallest: self.bottom,
            tolerance: self.tol,
            max_products: self.max_products,
            solver: self.solver.clone(),
            params: self.measure.params.clone(),
            self_test: !self.no_self_test,
            matrix: self.matrix.matrix,
            block_diagonal: self.matrix.block_diagonal,
            layer_probes: self.matrix.per_layer.then_some(self.matrix.layer_probes),
            estimates,
            complete: self.around.complete,
            state: self.around.state.clone(),
        })
    }
}
