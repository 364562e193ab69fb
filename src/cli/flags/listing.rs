//! Flags of `models`, `backends`, `solvers` and `attacks`.

use super::OutputFlags;
use clap::Args;

/// How to list.
#[derive(Debug, Clone, Args)]
pub struct ListingFlags {
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}
