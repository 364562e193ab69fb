//! Preconditioners: cheap approximate inverses, symmetric and positive definite.

mod diagonal;
mod nystrom;

pub use diagonal::Diagonal;
pub use nystrom::Nystrom;

use super::SolveError;
use crate::vectors::{VectorSpace, View, ViewMut};

/// z = M⁻¹ r with a symmetric positive definite M near A.
pub trait Preconditioner: Send + Sync {
    /// Sets the column `z` to M⁻¹ `r`.
    ///
    /// # Errors
    /// Where sizes do not fit or the device fails.
    fn apply(&self, space: &dyn VectorSpace, r: View<'_>, z: ViewMut<'_>) -> Result<(), SolveError>;
}
