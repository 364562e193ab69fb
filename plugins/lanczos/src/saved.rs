//! The state of a run as bytes.
//!
//! What is stored is all that the next step depends on, so a run that goes on from it does to the bit what the run that
//! was stopped would have done. Products under way when it was stopped are formed again. Seconds go on being counted.

use crate::solver::Progress;
use hesse_core::eigen::SolverError;
use hesse_solver_tools::krylov::{Basis, SavedBasis};
use hesse_solver_tools::measured::{Measured, SavedMeasured};
use hesse_solver_tools::state::{decode, encode};

/// Solver and layout.
const TAG: &str = "lanczos/2";

/// The state of a run.
pub(crate) fn save(progress: &Progress, basis: &Basis<'_>, best: Option<&Measured>) -> Result<Vec<u8>, SolverError> {
    let best = best.map(|best| best.save(basis.counted.space)).transpose()?;
    encode(TAG, &(progress, basis.save()?, best))
}

/// Puts a saved basis in place and returns the rest.
pub(crate) fn restore(state: &[u8], basis: &mut Basis<'_>) -> Result<(Progress, Option<Measured>), SolverError> {
    let (progress, saved, best): (Progress, SavedBasis, Option<SavedMeasured>) = decode(TAG, state)?;
    basis.restore(saved)?;
    let best = best.map(|best| Measured::restore(basis.counted.space, best)).transpose()?;
    Ok((progress, best))
}
