//! Why a study did not begin or did not end.

use crate::attack::EvaluationError;
use crate::problem::ProblemError;
use crate::report::{DocumentError, ReportError};
use crate::spectrum::SpectrumError;
use crate::train::TrainError;
use crate::weights::WeightsError;
use hesse_core::attack::OracleError;
use hesse_core::operator::OperatorError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A failure of a study.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
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
    /// Someone asked to stop; everything finished so far is kept.
    #[error("interrupted {during}; the same command continues from {}", folder.display())]
    Interrupted {
        /// What was being done.
        during: String,
        /// Where everything lies.
        folder: PathBuf,
    },
    /// The folder or a file in it cannot be made.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The training of a cell.
    #[error("{cell}: {cause}")]
    Train {
        /// Which cell.
        cell: String,
        /// Why.
        cause: TrainError,
    },
    /// The curvature of a cell.
    #[error("{cell}: {cause}")]
    Spectrum {
        /// Which cell.
        cell: String,
        /// Why.
        cause: SpectrumError,
    },
    /// An attack of a cell.
    #[error("{cell}: {cause}")]
    Attack {
        /// Which cell.
        cell: String,
        /// Why.
        cause: EvaluationError,
    },
    /// A file of a cell.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The training of a named network.
    #[error("{network}: {cause}")]
    Network {
        /// Which.
        network: String,
        /// Why.
        cause: Box<TrainError>,
    },
    /// A network failed, seen from its inputs.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// A derivative could not be computed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Network, data or machine do not fit each other.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A result could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The report could not be written.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl StudyError {
    /// Something was asked for by a name that this study has nothing of.
    pub(super) fn no_piece(id: &str) -> Self {
        let found = format!("`{}`", id.escape_debug());
        StudyError::Option { what: "piece of the study", expected: "one of its cells".to_string(), found }
    }
}
