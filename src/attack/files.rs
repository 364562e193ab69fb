//! Files beside the result, each either the old one or the whole new one.

use crate::report::ReportError;
use crate::weights::{beside, folder_of, put};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that has been begun beside its place, so that one that cannot be written is found before the work.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    begun: NamedTempFile,
}

impl Place {
    /// Begins a file that a flag names.
    ///
    /// # Errors
    /// Where the folder does not exist or cannot be written, or a folder stands in the file's place.
    pub fn prepare(flag: &'static str, path: &Path) -> Result<Self, String> {
        let refuse = |found: String| {
            let path = path.display();
            Err(format!("{flag} {path}: expected the name of a file in a folder that exists, found {found}"))
        };
        if path.is_dir() {
            return refuse("a folder".into());
        }
        if path.file_name().is_none() {
            return refuse("no file name".into());
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return refuse(format!("no folder {}", folder.display()));
        }
        match beside(folder) {
            Ok(begun) => Ok(Place { path: path.to_owned(), begun }),
            Err(cause) => Err(format!("{flag} {}: {cause}", path.display())),
        }
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the content and puts the file in its place.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn write(mut self, content: &[u8]) -> Result<(), ReportError> {
        let written = self.begun.write_all(content).and_then(|()| put(self.begun, &self.path));
        written.map_err(|source| ReportError::Io { path: self.path, source })
    }
}
