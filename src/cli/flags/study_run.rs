//! How a study is run and where its result goes.

use super::{MachineFlags, OutputFlags, PlotFlags, parse};
use crate::problem::MemorySize;
use clap::Args;

/// How a study is run; the same flags for every study.
#[derive(Debug, Clone, Args)]
pub struct StudyRunFlags {
    /// Train again where the folder holds a network that was trained otherwise
    #[arg(long)]
    pub force: bool,
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

/// How a study finds eigenvalues of Hessians with respect to the weights.
#[derive(Debug, Clone, Args)]
pub struct StudySolverFlags {
    /// Bound on the residual ‖Hv − λv‖ / |λ₁| of each eigenvalue [default: 1e-2]
    #[arg(long, value_name = "TOL", value_parser = parse::positive)]
    pub tol: Option<f64>,
    /// Eigensolver, with options where wanted [default: lanczos]
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub solver: Option<String>,
    /// Memory for intermediate results kept between products, such as 4GiB or 0 [default: half of what is free]
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<MemorySize>,
}
