//! The comparison from its options to its report.

use super::super::pieces;
use super::super::{LargeBatchOptions, cell, large_batch_plan, plan};
use super::csv::csv;
use super::large_batch_method_document;
use super::options::check;
use super::report::{LargeBatchMethodReport, MethodCell};
use crate::study::publish::publish;
use crate::study::{Event, Piece, StudyError, StudyPlan, Watch};
use crate::train::{TrainError, TrainReport};

/// Runs the comparison, or what is not done of it; see the module.
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where no plain training
/// of the smallest batch ends, and where it was interrupted (everything done is kept then).
pub fn large_batch_method(
    options: &LargeBatchOptions,
    watch: &mut Watch<'_>,
) -> Result<LargeBatchMethodReport, StudyError> {
    check(options)?;
    let options = &plan::within_the_data(options)?;
    let specs = plan::cells(options);
    let (mut cells, mut trainings) = (Vec::new(), Vec::new());
    for (i, &spec) in specs.iter().enumerate() {
        let name = spec.name(options);
        (watch.observe)(Event::Cell { name: &name, number: i + 1, of: specs.len() });
        let (found, training) = outcome(options, spec, watch)?;
        cells.push(found);
        trainings.push(training);
    }
    let Some(first) = trainings.iter().flatten().next() else {
        let (expected, found) = ("a training that ends".to_string(), "none: every one diverged".to_string());
        return Err(StudyError::Option { what: "learning rate", expected, found });
    };
    let report = LargeBatchMethodReport::new(options, cells, first, watch.since.elapsed().as_secs_f64());
    publish(&options.out, &report, &csv(&report), &large_batch_method_document(&report, &trainings), watch)?;
    Ok(report)
}

/// Does a cell; a training that diverges is a result.
fn outcome(
    options: &LargeBatchOptions,
    spec: plan::CellSpec,
    watch: &mut Watch<'_>,
) -> Result<(MethodCell, Option<TrainReport>), StudyError> {
    let rate = plan::training(options, spec).options.rate;
    let cell = |done, diverged| MethodCell {
        batch_size: spec.batch,
        method: spec.variant,
        seed: spec.seed,
        rate,
        done,
        diverged,
    };
    match cell::run(options, spec, watch) {
        Ok((done, training)) => Ok((cell(Some(done), None), Some(training))),
        Err(StudyError::Train { cause: cause @ TrainError::Diverged { .. }, .. }) => {
            Ok((cell(None, Some(cause.to_string())), None))
        }
        Err(error) => Err(error),
    }
}

/// The plan of the comparison. Cost: reading the data, and timing on a few samples.
///
/// # Errors
/// Where an option makes no sense or data, network and machine do not fit each other.
pub fn large_batch_method_plan(options: &LargeBatchOptions) -> Result<StudyPlan, StudyError> {
    check(options)?;
    large_batch_plan(options)
}

/// What can be done apart, in the order of the study.
///
/// # Errors
/// Where an option makes no sense.
pub fn large_batch_method_pieces(options: &LargeBatchOptions) -> Result<Vec<Piece>, StudyError> {
    check(options)?;
    pieces::large_batch_pieces(options)
}

/// Does what is not done of one piece.
///
/// # Errors
/// As [`large_batch_method`], and where there is no such piece.
pub fn large_batch_method_piece(
    options: &LargeBatchOptions,
    id: &str,
    watch: &mut Watch<'_>,
) -> Result<(), StudyError> {
    check(options)?;
    match pieces::large_batch_piece(options, id, watch) {
        Err(StudyError::Train { cause: TrainError::Diverged { .. }, .. }) => Ok(()),
        done => done,
    }
}
