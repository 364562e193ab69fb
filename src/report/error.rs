//! What can go wrong while a result is written.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A result that could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The destination cannot be a result file.
    #[error("--json {}: expected the name of a file in a folder that exists, found {found}", path.display())]
    Destination {
        /// What was given.
        path: PathBuf,
        /// Why it will not do.
        found: String,
    },
    /// The operating system refused.
    #[error("writing {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// Standard output refused; a closed pipe is told apart by the program.
    #[error("writing to standard output: {0}")]
    Output(#[from] io::Error),
    /// A value that JSON cannot express.
    #[error("writing JSON: {0}")]
    Json(#[from] serde_json::Error),
}
