//! Printing: results to standard output, notices to standard error.

use crate::report::ReportError;
use std::io::{self, Write};

/// Prints a result.
pub(super) fn print(text: &str) -> Result<(), ReportError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Tells a person something beside the result.
pub(super) fn note(text: &str) {
    // A closed standard error must not end the run.
    let _ = writeln!(io::stderr(), "hesse: note: {text}");
}

/// Several at once.
pub(super) fn notes(texts: &[String]) {
    texts.iter().for_each(|text| note(text));
}
