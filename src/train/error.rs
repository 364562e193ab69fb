//! Why a run did not begin or did not end. Every text ends with what would help.

use crate::data::DataError;
use crate::problem::ProblemError;
use crate::report::ReportError;
use crate::weights::WeightsError;
use hesse_core::attack::AttackError;
use hesse_core::backend::BackendError;
use hesse_core::error::GraphError;
use hesse_core::operator::OperatorError;
use hesse_core::vectors::VectorError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A failure of training.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
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
    /// The loss or a parameter became NaN or infinite.
    #[error(
        "training diverged in epoch {epoch}, step {step} of {steps}: {place} is not finite at learning rate {rate}; \
         try a tenth of the rate, or a warm-up"
    )]
    Diverged {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
        /// The first primitive or tensor that is not finite.
        place: String,
        /// The learning rate of the step.
        rate: f64,
    },
    /// Someone asked to stop; a checkpoint has been written.
    #[error("interrupted in epoch {epoch} after {step} of {steps} steps; the same command continues from {}", folder.display())]
    Interrupted {
        /// Counted from 1.
        epoch: usize,
        /// Steps of it that are done.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
        /// Where the checkpoint lies.
        folder: PathBuf,
    },
    /// The folder belongs to another run.
    #[error("{} holds {what}; choose another folder, or replace it with --force", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// What is there, and how it differs.
        what: String,
    },
    /// A checkpoint that is damaged or was not written by this program.
    #[error("checkpoint {}: expected {expected}, found {found}; start again with --force", file.display())]
    Checkpoint {
        /// The file.
        file: PathBuf,
        /// What would have been accepted.
        expected: String,
        /// What was there.
        found: String,
    },
    /// The folder or a file in it cannot be written or read.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// Frozen batch norm leaves dropout out, which would not be training as asked.
    #[error("model {model} has dropout: expected batch-norm statistics of each micro-batch (ghost), found frozen")]
    FrozenDropout {
        /// Which network.
        model: String,
    },
    /// The attack that makes training examples refused or failed.
    #[error("attack in training: {0}")]
    Attack(AttackError),
    /// Network, weights, data or machine do not fit each other.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The result could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The weights or a checkpoint.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Recording or running.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

impl From<BackendError> for TrainError {
    fn from(error: BackendError) -> Self {
        TrainError::Operator(error.into())
    }
}

impl From<VectorError> for TrainError {
    fn from(error: VectorError) -> Self {
        TrainError::Operator(error.into())
    }
}

impl From<GraphError> for TrainError {
    fn from(error: GraphError) -> Self {
        TrainError::Operator(error.into())
    }
}
