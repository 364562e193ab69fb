//! What can go wrong in an attack.

use super::{AttackLoss, Norm};
use crate::operator::OperatorError;
use thiserror::Error;

/// A question that an oracle could not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OracleError {
    /// The network failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Sizes that do not fit.
    #[error("{what}: expected {expected} entries, found {found}")]
    Size {
        /// Which argument.
        what: &'static str,
        /// What would have been accepted.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// The loss has no second derivative here, or needs more classes than there are.
    #[error("the loss {loss} cannot be used: {cause}")]
    Loss {
        /// Which one.
        loss: AttackLoss,
        /// Why not.
        cause: String,
    },
    /// An oracle of another library failed.
    #[error("{0}")]
    Foreign(String),
}

impl OracleError {
    /// Refuses an argument of another size than expected.
    ///
    /// # Errors
    /// [`OracleError::Size`] where the two differ.
    pub fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(OracleError::Size { what, expected, found }) }
    }
}

/// An attack that could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttackError {
    /// The oracle failed.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// The attack has no form for this norm.
    #[error("{attack} has no form for the norm {norm}; it has {known}")]
    Norm {
        /// Which attack.
        attack: &'static str,
        /// What was asked.
        norm: Norm,
        /// What exists.
        known: &'static str,
    },
    /// The request makes no sense.
    #[error("{what}: expected {expected}, found {found}")]
    Request {
        /// Which part of it.
        what: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was asked.
        found: String,
    },
    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// An attack of another library failed.
    #[error("{0}")]
    Foreign(String),
}
