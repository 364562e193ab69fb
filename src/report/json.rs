//! Result files: begun beside their destination before the work starts, renamed when they are whole.
//!
//! Beginning early finds an unwritable place before an hour of work and not after it; renaming last leaves an earlier
//! result alone until there is a new one, whatever happens in between.

use super::ReportError;
use crate::weights::{beside, folder_of, put};
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where a result goes.
#[derive(Debug)]
pub struct Destination(Place);

#[derive(Debug)]
enum Place {
    Output,
    File { path: PathBuf, begun: NamedTempFile },
}

impl Destination {
    /// Prepares the place: `-` is standard output, anything else a file that is made or replaced at the end.
    ///
    /// # Errors
    /// Where the folder does not exist or cannot be written, or a folder stands in the file's place.
    pub fn prepare(path: &Path) -> Result<Self, ReportError> {
        if path == Path::new("-") {
            return Ok(Destination(Place::Output));
        }
        let refuse = |found: &str| ReportError::Destination { path: path.to_owned(), found: found.to_string() };
        if path.is_dir() {
            return Err(refuse("a folder"));
        }
        if path.file_name().is_none() {
            return Err(refuse("no file name"));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(refuse(&format!("no folder {}", folder.display())));
        }
        let begun = beside(folder).map_err(|source| ReportError::Io { path: path.to_owned(), source })?;
        Ok(Destination(Place::File { path: path.to_owned(), begun }))
    }

    /// Whether standard output belongs to the JSON, so that nothing else may be printed there.
    pub fn is_output(&self) -> bool {
        matches!(self.0, Place::Output)
    }

    /// Writes the result and, for a file, puts it in its place.
    ///
    /// # Errors
    /// Where a value cannot be expressed or the system refuses.
    pub fn finish<T: Serialize>(self, result: &T) -> Result<(), ReportError> {
        let mut text = serde_json::to_string_pretty(result)?;
        text.push('\n');
        match self.0 {
            Place::Output => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()?;
                Ok(())
            }
            Place::File { path, mut begun } => {
                let written = begun.write_all(text.as_bytes()).and_then(|()| put(begun, &path));
                written.map_err(|source| ReportError::Io { path, source })
            }
        }
    }
}

/// Writes one value as JSON, whole or not at all.
///
/// # Errors
/// As [`Destination::prepare`] and [`Destination::finish`].
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), ReportError> {
    Destination::prepare(path)?.finish(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_earlier_result_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        fs::write(&path, "earlier").unwrap();
        let begun = Destination::prepare(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "earlier");
        begun.finish(&[1, 2]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
        drop(Destination::prepare(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a result that was given up leaves nothing behind");
    }

    #[test]
    fn a_place_that_cannot_hold_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = Destination::prepare(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("found a folder"), "{error}");
        let error = Destination::prepare(&folder.path().join("none/result.json")).unwrap_err().to_string();
        assert!(error.contains("found no folder"), "{error}");
    }
}
