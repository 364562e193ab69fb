//! Why a landscape was not measured.

use crate::problem::ProblemError;
use crate::spectrum::SpectrumError;
use crate::weights::WeightsError;
use hesse_core::attack::OracleError;
use hesse_core::backend::BackendError;
use hesse_core::operator::OperatorError;
use hesse_core::vectors::VectorError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A landscape that came to nothing, or to a part.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LandscapeError {
    /// An option that cannot be carried out.
    #[error("{what}: expected {expected}, found {found}")]
    Option {
        /// Which.
        what: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The folder holds another landscape.
    #[error("{}: expected an empty folder or the same landscape begun, found another one; choose another --out or replace it with --force", folder.display())]
    Occupied {
        /// Which folder.
        folder: PathBuf,
    },
    /// A file of the folder is not what was written.
    #[error("{}: expected {expected}, found {found}; --force begins anew", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was written there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Someone asked to stop.
    #[error("interrupted after {done} of {total} points; {}", match folder {
        Some(folder) => format!("the same command continues from {}", folder.display()),
        None => "with --out DIR they would have been kept".to_string(),
    })]
    Interrupted {
        /// Points done.
        done: usize,
        /// Of so many.
        total: usize,
        /// Where they are kept.
        folder: Option<PathBuf>,
    },
    /// A direction without length.
    #[error("{direction}: expected a direction of positive length, found length {length}; {mend}")]
    NoDirection {
        /// Which.
        direction: String,
        /// Its length.
        length: f64,
        /// What would help.
        mend: &'static str,
    },
    /// The problem does not fit together.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The eigenvectors.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// An evaluation or product failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A question about an input failed.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// A stored direction.
    #[error(transparent)]
    Weights(#[from] WeightsError),
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
}

impl From<BackendError> for LandscapeError {
    fn from(error: BackendError) -> Self {
        LandscapeError::Operator(error.into())
    }
}

impl From<VectorError> for LandscapeError {
    fn from(error: VectorError) -> Self {
        LandscapeError::Operator(error.into())
    }
}
