//! Why robustness could not be evaluated.

use crate::problem::ProblemError;
use hesse_core::attack::{AttackError, OracleError};
use thiserror::Error;

/// An evaluation that came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The problem does not fit together.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The network cannot be attacked.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// An attack refused or failed.
    #[error("attack {attack}: {cause}")]
    Attack {
        /// As given.
        attack: String,
        /// Why.
        cause: AttackError,
    },
    /// The request itself.
    #[error(transparent)]
    Request(AttackError),
    /// Someone asked to stop before the first batch was done.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl EvaluationError {
    /// An attack, as given, that refused or failed.
    pub(super) fn attack(name: &str, cause: AttackError) -> Self {
        EvaluationError::Attack { attack: name.to_string(), cause }
    }
}
