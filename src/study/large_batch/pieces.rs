//! The cells, each to be done by itself.

use super::cell::Variant;
use super::{LargeBatchOptions, cell, plan};
use crate::study::{Event, Piece, StudyError, Watch};

/// What can be done apart, in the order of the study.
///
/// # Errors
/// Where an option makes no sense.
pub fn large_batch_pieces(options: &LargeBatchOptions) -> Result<Vec<Piece>, StudyError> {
    plan::check(options)?;
    let piece = |spec: plan::CellSpec| Piece {
        id: spec.id(),
        name: spec.name(options),
        stage: 0,
        // Large batches take more epochs to the same loss, and robust training more passes for each.
        cost: spec.batch as f64 * if spec.variant == Variant::Robust { 3.0 } else { 1.0 },
    };
    Ok(plan::cells(options).into_iter().map(piece).collect())
}

/// Does what is not done of one piece.
///
/// # Errors
/// As [`large_batch`](super::large_batch), and where there is no such piece.
pub fn large_batch_piece(options: &LargeBatchOptions, id: &str, watch: &mut Watch<'_>) -> Result<(), StudyError> {
    plan::check(options)?;
    let options = &plan::within_the_data(options)?;
    let specs = plan::cells(options);
    let Some((i, spec)) = specs.iter().enumerate().find(|(_, spec)| spec.id() == id) else {
        return Err(StudyError::no_piece(id));
    };
    let name = spec.name(options);
    (watch.observe)(Event::Cell { name: &name, number: i + 1, of: specs.len() });
    cell::run(options, *spec, watch).map(|_| ())
}
