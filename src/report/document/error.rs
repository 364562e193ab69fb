//! Why a report could not be written or read.

use crate::plot::PlotError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A report that could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The operating system refused.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The stored document is not one.
    #[error("{}: expected a report of schema hesse.report/1, found {found}", path.display())]
    Stored {
        /// Which file.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A picture failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
}
