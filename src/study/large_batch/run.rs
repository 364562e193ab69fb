//! The study from its options to its report.

use super::csv::csv;
use super::{LargeBatchOptions, LargeBatchReport, cell, large_batch_document, plan};
use crate::study::publish::publish;
use crate::study::{Event, StudyError, Watch};

/// Runs the study, or what is not done of it; see the module.
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (everything done is kept then).
pub fn large_batch(options: &LargeBatchOptions, watch: &mut Watch<'_>) -> Result<LargeBatchReport, StudyError> {
    plan::check(options)?;
    let options = &plan::within_the_data(options)?;
    let specs = plan::cells(options);
    let (mut cells, mut trainings) = (Vec::new(), Vec::new());
    for (i, &spec) in specs.iter().enumerate() {
        let name = spec.name(options);
        (watch.observe)(Event::Cell { name: &name, number: i + 1, of: specs.len() });
        let (cell, trained) = cell::run(options, spec, watch)?;
        cells.push(cell);
        trainings.push(trained);
    }
    let Some(first) = trainings.first() else {
        return Err(StudyError::Option { what: "batch sizes", expected: "at least one".into(), found: "none".into() });
    };
    let report = LargeBatchReport::new(options, cells, first, watch.since.elapsed().as_secs_f64());
    publish(&options.out, &report, &csv(&report), &large_batch_document(&report, &trainings), watch)?;
    Ok(report)
}
