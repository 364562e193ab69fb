//! All cells, one after the other.

use super::csv::csv;
use super::options::{CellSpec, SaddleFreeOptions};
use super::{SaddleFreeReport, cell, plan, saddle_free_document};
use crate::study::publish::publish;
use crate::study::{Event, Piece, StudyError, Watch};

/// Runs the study, or what is not done of it; see the [module](super).
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (every finished cell is kept then).
pub fn saddle_free(options: &SaddleFreeOptions, watch: &mut Watch<'_>) -> Result<SaddleFreeReport, StudyError> {
    plan::check(options)?;
    let (mut cells, mut first) = (Vec::new(), None);
    for (i, spec) in options.cells.iter().enumerate() {
        let name = spec.name();
        (watch.observe)(Event::Cell { name: &name, number: i + 1, of: options.cells.len() });
        let (cell, trained) = cell::run(options, spec, watch)?;
        cells.push(cell);
        first.get_or_insert(trained);
    }
    let Some(first) = first else {
        return Err(StudyError::Option { what: "networks", expected: "at least one".into(), found: "none".into() });
    };
    let report = SaddleFreeReport::new(options, cells, &first, watch.since.elapsed().as_secs_f64());
    publish(&options.out, &report, &csv(&report), &saddle_free_document(&report), watch)?;
    Ok(report)
}

/// What can be done apart, in the order of the study.
///
/// # Errors
/// Where an option makes no sense.
pub fn saddle_free_pieces(options: &SaddleFreeOptions) -> Result<Vec<Piece>, StudyError> {
    plan::check(options)?;
    let piece = |cell: &CellSpec| Piece { id: plan::cell_id(cell), name: cell.name(), stage: 0, cost: 0.0 };
    Ok(options.cells.iter().map(piece).collect())
}

/// Does what is not done of one piece.
///
/// # Errors
/// As [`saddle_free`], and where there is no such piece.
pub fn saddle_free_piece(options: &SaddleFreeOptions, id: &str, watch: &mut Watch<'_>) -> Result<(), StudyError> {
    plan::check(options)?;
    let Some((i, spec)) = options.cells.iter().enumerate().find(|(_, cell)| plan::cell_id(cell) == id) else {
        return Err(StudyError::no_piece(id));
    };
    (watch.observe)(Event::Cell { name: &spec.name(), number: i + 1, of: options.cells.len() });
    cell::run(options, spec, watch).map(|_| ())
}
