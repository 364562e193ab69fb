//! How a study is run and where its result goes.

use super::{MachineFlags, OutputFlags, PlotFlags, parse};
use crate::problem::{BackendSpec, MemorySize};
use clap::Args;

/// How a study is run; the same flags for every study.
#[derive(Debug, Clone, Args)]
pub struct StudyRunFlags {
    /// Cells of the study computed at once, each by a process with its share of the threads; results do not depend on it
    /// [default: as many as there are threads and as memory allows]
    #[arg(long, value_name = "N", value_parser = parse::threads)]
    pub jobs: Option<usize>,
    /// Do this piece of the study alone, for the process that began this one
    #[arg(long, hide = true, value_name = "ID")]
    pub piece: Option<String>,
    /// Threads of that
    #[arg(long, hide = true, value_name = "N", requires = "piece", value_parser = parse::threads)]
    pub piece_threads: Option<usize>,
    /// Bytes that it may keep
    #[arg(long, hide = true, value_name = "BYTES", requires = "piece")]
    pub piece_memory: Option<usize>,
    /// Show landscapes in report.html also as surfaces that can be turned, by a script within it
    #[arg(long)]
    pub interactive: bool,
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

impl StudyRunFlags {
    /// The machine, or what a process that does a piece gets of it.
    pub fn backend(&self) -> BackendSpec {
        let whole = self.machine.backend();
        BackendSpec { threads: self.piece_threads.or(whole.threads), ..whole }
    }

    /// The bytes for kept intermediate results, or what a process that does a piece gets of them.
    pub fn memory(&self, given: Option<MemorySize>, preset: usize) -> usize {
        self.piece_memory.or(given.map(|m| m.0)).unwrap_or(preset)
    }
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
