//! What a run may begin from: vectors that are nearly right, or the saved state of an earlier run.
//!
//! After PRIMME's `initial_vectors`. Constraints and known pairs are not here: they are the business of an operator
//! ([`Constrained`](super::Constrained)), which serves every solver, those of other libraries included.

use super::SolverError;
use crate::vectors::View;

/// What a solver can do beyond the mandatory method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// Initial vectors save it products.
    pub warm_start: bool,
    /// It can save its state and go on from it to the same bits.
    pub resume: bool,
}

/// Receives states of a run that is under way.
pub trait StateKeeper {
    /// Whether a state is wanted after so many products. Making one costs a copy of the basis, so a keeper says no most
    /// of the time.
    fn due(&mut self, products: usize) -> bool;

    /// Takes a state. A solver also hands one over, unasked, when it is interrupted.
    fn keep(&mut self, state: &[u8]);
}

/// What a run begins from. Nothing, unless filled.
#[derive(Default)]
pub struct Start<'a> {
    /// Vectors of the operator's space near the wanted eigenvectors, in any order and number, neither orthogonal nor of
    /// unit length. A hint: what comes out must not depend on it, only the cost.
    pub initial: Option<View<'a>>,
    /// What a [`StateKeeper`] got from the same solver with the same options, request and operator.
    pub state: Option<&'a [u8]>,
    /// Where states go.
    pub keeper: Option<&'a mut dyn StateKeeper>,
}

impl<'a> Start<'a> {
    /// From these vectors.
    pub fn from_vectors(initial: View<'a>) -> Self {
        Start { initial: Some(initial), ..Start::default() }
    }

    /// The initial vectors, for a solver that cannot resume; `solver` says which in the error.
    ///
    /// # Errors
    /// Where a state is given.
    pub fn anew(self, solver: &str) -> Result<Option<View<'a>>, SolverError> {
        match self.state {
            None => Ok(self.initial),
            Some(_) => {
                Err(SolverError::State { expected: "a solver that can resume".into(), found: solver.to_string() })
            }
        }
    }
}

impl std::fmt::Debug for Start<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("initial", &self.initial.as_ref().map(View::len))
            .field("state", &self.state.map(<[u8]>::len))
            .field("keeper", &self.keeper.is_some())
            .finish()
    }
}
