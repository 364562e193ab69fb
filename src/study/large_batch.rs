//! Does training with large batches end where the loss is sharper? The paper's first question (its Tables 1 and 7).
//!
//! The same network is trained with several batch sizes until the same training loss, everything else alike, and the
//! largest eigenvalues of the Hessian are computed there. Known limits, which the table lets one see: a run stops at
//! the end of an epoch, so a small batch may end below the target; and with one learning rate for all, the batch size
//! is confounded with the ratio of the two, which is what [`RateRule::Linear`](super::RateRule) is for.

use super::table::csv;
use super::{Event, LargeBatchOptions, LargeBatchReport, StudyError, Watch, cell, large_batch_document, plan};
use crate::report::{write_document, write_json, write_text};
use std::time::Instant;

/// Runs the study, or what is not done of it; see the [module](super).
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (everything done is kept then).
pub fn large_batch(options: &LargeBatchOptions, watch: &mut Watch<'_>) -> Result<LargeBatchReport, StudyError> {
    let start = Instant::now();
    plan::check(options)?;
    let (mut cells, mut trainings) = (Vec::new(), Vec::new());
    for (i, &batch) in options.batches.iter().enumerate() {
        let name = format!("batch {batch}");
        (watch.observe)(Event::Cell { name: &name, number: i + 1, of: options.batches.len() });
        let (cell, trained) = cell::run(options, batch, watch)?;
        cells.push(cell);
        trainings.push(trained);
    }
    let Some(first) = trainings.first() else {
        return Err(StudyError::Option { what: "batch sizes", expected: "at least one".into(), found: "none".into() });
    };
    let report = LargeBatchReport::new(options, cells, first, start.elapsed().as_secs_f64());
    write_json(&options.out.join("study.json"), &report)?;
    write_text(&options.out.join("table.csv"), &csv(&report))?;
    write_document(&options.out, &large_batch_document(&report, &trainings))?;
    Ok(report)
}
