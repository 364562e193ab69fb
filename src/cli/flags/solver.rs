//! Flags of every command that runs an eigensolver at length.

use clap::Args;
use std::path::PathBuf;

/// What is done around the solver.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Solver")]
pub struct SolverFlags {
    /// Start once more at random, orthogonally to what was found, until nothing new turns up: finds missed copies of
    /// repeated eigenvalues. Costs one short run more; what it found and what it cost is reported
    #[arg(long)]
    pub complete: bool,
    /// Keep the state of the run in FILE, from time to time and when it is interrupted, and go on from it where it exists:
    /// the result has the same bits. FILE is removed when the run is done
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}
