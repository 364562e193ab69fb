//! Errors of graph construction and differentiation.
//!
//! One type, because every failure here has the same three parts: which operation, what it expected, what it found.
//! A catch-all string was decided against: the program prints the parts in its own order.

use thiserror::Error;

/// A graph that cannot be built, read or differentiated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// An operation was given values whose shapes or kinds do not fit.
    #[error("{operation}: expected {expected}, found {found}")]
    Mismatch {
        /// The primitive or layer, with its scope name where it has one.
        operation: String,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The bytes of a stored graph are damaged, foreign, or of another version.
    #[error("graph bytes: expected {expected}, found {found}")]
    Bytes {
        /// What the format requires at this place.
        expected: String,
        /// What stood there.
        found: String,
    },
    /// An architecture of another library failed.
    #[error("{0}")]
    Foreign(String),
}

impl GraphError {
    /// Builds a [`GraphError::Mismatch`] from displayable parts.
    pub fn mismatch(operation: impl ToString, expected: impl ToString, found: impl ToString) -> Self {
        GraphError::Mismatch {
            operation: operation.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
