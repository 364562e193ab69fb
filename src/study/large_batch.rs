//! Does training with large batches end where the loss is sharper? The paper's first question (its Tables 1 and 7).
//!
//! The same network is trained with several batch sizes until the same training loss, everything else alike, and the
//! largest eigenvalues of the Hessian are computed there. Known limits, which the table lets one see: a run stops at
//! the end of an epoch, so a small batch may end below the target; and with one learning rate for all, the batch size
//! is confounded with the ratio of the two, which is what [`RateRule::Linear`](super::RateRule) is for.

use super::table::csv;
use super::{Event, LargeBatchOptions, LargeBatchReport, StudyError, Watch, cell, plan};
use crate::report::{ReportError, write_json};
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

/// Runs the study, or what is not done of it; see the [module](super).
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (everything done is kept then).
pub fn large_batch(options: &LargeBatchOptions, watch: &mut Watch<'_>) -> Result<LargeBatchReport, StudyError> {
    let start = Instant::now();
    plan::check(options)?;
    let (mut cells, mut first) = (Vec::new(), None);
    for (i, &batch) in options.batches.iter().enumerate() {
        (watch.observe)(Event::Cell { batch, number: i + 1, of: options.batches.len() });
        let (cell, trained) = cell::run(options, batch, watch)?;
        cells.push(cell);
        first.get_or_insert(trained);
    }
    let Some(first) = first else {
        return Err(StudyError::Option { what: "batch sizes", expected: "at least one".into(), found: "none".into() });
    };
    let report = LargeBatchReport::new(options, cells, &first, start.elapsed().as_secs_f64());
    write_json(&options.out.join("study.json"), &report)?;
    write_text(&options.out.join("table.csv"), &csv(&report))?;
    Ok(report)
}

/// Writes a file beside its place and renames it.
pub(super) fn write_text(path: &Path, text: &str) -> Result<(), StudyError> {
    let failed = |source: io::Error| StudyError::Report(ReportError::Io { path: path.to_owned(), source });
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hesse-").suffix(".tmp");
    // A temporary file is private; a result is for whoever may read the folder.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map(|_| ()).map_err(|error| failed(error.error))
}
