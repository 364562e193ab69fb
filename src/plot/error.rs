//! Why a picture could not be made.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A picture that could not be made or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// A file name that does not say which kind of picture is wanted.
    #[error("{}: expected a file name that ends with .svg or .png, found {found}", path.display())]
    Extension {
        /// What was given.
        path: PathBuf,
        /// Its end.
        found: String,
    },
    /// A place that cannot hold the file.
    #[error("{}: expected the name of a file in a folder that exists, found {found}", path.display())]
    Place {
        /// What was given.
        path: PathBuf,
        /// Why it will not do.
        found: String,
    },
    /// A page without area, or one that is too large for pixels.
    #[error(
        "picture of {width} by {height}: expected at least 1 and at most 8192 in each direction; an SVG may be larger"
    )]
    Size {
        /// To the right.
        width: f64,
        /// Downwards.
        height: f64,
    },
    /// The PNG writer refused.
    #[error("encoding a PNG: {0}")]
    Encoding(String),
    /// The operating system refused.
    #[error("writing {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}
