//! Writing what a study came to: its data, its table and its report.

use super::piece::Claim;
use super::{StudyError, Watch};
use crate::report::{Document, write_document, write_json, write_text};
use crate::weights::atomic;
use serde::Serialize;
use std::path::Path;

/// Writes `study.json`, `table.csv` and the report, while no other process of the study writes there.
///
/// # Errors
/// As [`Claim::wait`], where it was interrupted, and where the system refuses.
pub(super) fn publish(
    folder: &Path,
    report: &impl Serialize,
    table: &str,
    document: &Document,
    watch: &Watch<'_>,
) -> Result<(), StudyError> {
    let _claim = Claim::wait(folder, watch.stop)?.ok_or_else(|| StudyError::Interrupted {
        during: "while waiting for another process that writes the report".to_string(),
        folder: folder.to_owned(),
    })?;
    ["tables", "pictures"].iter().for_each(|part| atomic::sweep(&folder.join(part)));
    write_json(&folder.join("study.json"), report)?;
    write_text(&folder.join("table.csv"), table)?;
    write_document(folder, document)?;
    Ok(())
}
