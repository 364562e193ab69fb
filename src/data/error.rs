//! What can go wrong with data, with the values that a person needs to mend it: the file, the byte, the expectation.
//!
//! A message is complete in itself: what caused it is part of the text, and therefore not given again as
//! [`source`](std::error::Error::source).
//!
//! Parsers work on bytes and know no file, so they return a [`Flaw`]; whoever opened the file adds its name.

use crate::pickle::PickleError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A data set that could not be named, found, read or downloaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A word on the command line that does not say what it should.
    #[error("{operation}: expected {expected}, found {found}")]
    Option {
        /// What was being read.
        operation: &'static str,
        /// What would have been right.
        expected: String,
        /// What was there.
        found: String,
    },
    /// Samples that the split does not have.
    #[error("{requested} is out of range: only {available} samples in the {split} split")]
    OutOfRange {
        /// The samples asked for.
        requested: String,
        /// How many there are.
        available: usize,
        /// The split they were asked of.
        split: super::Split,
    },
    /// No such files.
    #[error("{data}: expected {expected} in {}, found {found}; {mend}", dir.display())]
    Missing {
        /// The data set.
        data: String,
        /// The folder that was searched.
        dir: PathBuf,
        /// The names that were looked for.
        expected: String,
        /// What there was instead.
        found: String,
        /// What to do about it.
        mend: String,
    },
    /// A file that is damaged, or not what its name says.
    #[error("{}: at byte {offset}{}: expected {expected}, found {found}", file.display(), counted(*unpacked))]
    Format {
        /// The file.
        file: PathBuf,
        /// Whether `offset` counts bytes after decompression.
        unpacked: bool,
        /// Where the contents stop being as expected.
        offset: u64,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file for Python that is damaged, or mentions a class that is no part of a batch.
    #[error("{}: {cause}", file.display())]
    Pickle {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and where.
        cause: PickleError,
    },
    /// The operating system refused.
    #[error("{operation} {}: {cause}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        cause: io::Error,
    },
    /// A server that could not be reached or gave something else. What did arrive is kept and continued next time.
    #[error("downloading {url}: expected {expected}, found {found}")]
    Download {
        /// The address.
        url: String,
        /// What was asked for.
        expected: String,
        /// What came.
        found: String,
    },
    /// Contents that are not the published ones.
    #[error("{}: expected SHA-256 {expected}, found {found}; {mend}", file.display())]
    Checksum {
        /// The file.
        file: PathBuf,
        /// The published SHA-256, in hexadecimal.
        expected: String,
        /// The SHA-256 of what is there.
        found: String,
        /// What to do about it.
        mend: String,
    },
}

/// Says what an offset counts, where it is not bytes of the file.
fn counted(unpacked: bool) -> &'static str {
    if unpacked { " of the unpacked contents" } else { "" }
}

impl DataError {
    /// Names the operation and path of a refusal, for `map_err`.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DataError {
        let path = path.to_owned();
        move |cause| DataError::Io { operation, path, cause }
    }
}

/// What is wrong with some bytes, before anybody knows which file they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub offset: u64,
    pub expected: String,
    pub found: String,
}

impl Flaw {
    pub fn new(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset: offset as u64, expected: expected.into(), found: found.into() }
    }

    /// Says whose bytes they are.
    pub fn of(self, file: &Path, unpacked: bool) -> DataError {
        let Flaw { offset, expected, found } = self;
        DataError::Format { file: file.to_owned(), unpacked, offset, expected, found }
    }
}
