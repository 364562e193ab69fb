//! The curves as files: comma-separated values and lines of JSON, whole or not at all.
//!
//! Both are written anew with every checkpoint, from the records that the checkpoint holds, so that they never show what
//! a continued run would measure again.

use super::TrackRecord;
use crate::report::ReportError;
use crate::train::TrainError;
use std::path::Path;

/// Comma-separated values.
pub(in crate::train) const CSV: &str = "track.csv";
/// One JSON object a line.
pub(in crate::train) const JSON_LINES: &str = "track.jsonl";

/// Writes both files into the folder of a run.
pub(in crate::train) fn write(folder: &Path, records: &[TrackRecord]) -> Result<(), TrainError> {
    let mut lines = String::new();
    for record in records {
        lines.push_str(&serde_json::to_string(record).map_err(ReportError::from)?);
        lines.push('\n');
    }
    put(folder, CSV, &csv(records))?;
    put(folder, JSON_LINES, &lines)
}

fn csv(records: &[TrackRecord]) -> String {
    // Columns without any value are left out; numbers are the shortest that read back to the same bits.
    let used = |i: usize| records.iter().any(|record| record.columns()[i].1.is_some());
    let columns: Vec<usize> = (0..14).filter(|&i| used(i)).collect();
    let row = |cells: Vec<String>| cells.join(",") + "\n";
    let Some(first) = records.first() else { return String::new() };
    let mut text = row(columns.iter().map(|&i| first.columns()[i].0.to_string()).collect());
    for record in records {
        let cells = columns.iter().map(|&i| record.columns()[i].1.map_or_else(String::new, |v| v.to_string()));
        text.push_str(&row(cells.collect()));
    }
    text
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), TrainError> {
    let path = folder.join(name);
    crate::weights::atomic::write(&path, |out| out.write_all(text.as_bytes())).map_err(|source| TrainError::Io {
        operation: "writing the curves",
        path: path.clone(),
        source,
    })
}
