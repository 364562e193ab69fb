//! Errors about weights: each names the file, the place in it, what was expected and what was found.

use crate::pickle::{PickleError, Problem};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why weights could not be read, written or given to a model.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The operating system refused.
    #[error("cannot {operation} `{}`: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("cannot read weights from `{}`{place}: expected {expected}, found {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// What a sound file holds there.
        expected: String,
        /// What this one holds.
        found: String,
    },
    /// The file refers to code.
    #[error(
        "refused to read weights from `{}`{place}: expected tensors, numbers, strings and plain containers, \
         found the class or function `{class}` (nothing was executed)",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// The dotted name.
        class: String,
    },
    /// The tensors cannot be written.
    #[error("cannot write weights to `{}`: tensor `{name}`: expected {expected}, found {found}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What a tensor must be to be written.
        expected: String,
        /// What this one is.
        found: String,
    },
    /// The tensors are not those of the model.
    #[error("the weights{} do not fit the model:{mismatch}", of(path))]
    Mismatch {
        /// The file they came from, if any.
        path: Option<PathBuf>,
        /// Every tensor that does not fit.
        mismatch: Box<Mismatch>,
    },
}

fn of(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or_else(String::new, |path| format!(" of `{}`", path.display()))
}

/// A place in a file, or in a record of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The record of an archive; `None` for the file itself.
    pub record: Option<String>,
    /// The byte, counted from the start of the record or file; `None` if no single byte is to blame.
    pub byte: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(byte) = self.byte {
            write!(f, " at byte {byte}")?;
        }
        match (&self.record, self.byte) {
            (Some(record), Some(_)) => write!(f, " of record `{record}`"),
            (Some(record), None) => write!(f, " in record `{record}`"),
            (None, _) => Ok(()),
        }
    }
}

/// The tensors that keep weights from fitting a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// What the model wants and the weights lack: name and shape.
    pub missing: Vec<(String, Vec<usize>)>,
    /// What the weights hold and the model does not want: name and shape.
    pub extra: Vec<(String, Vec<usize>)>,
    /// What both have, in different shapes.
    pub misshapen: Vec<Misshapen>,
}

/// A tensor of the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// The name in the model.
    pub name: String,
    /// The model's shape.
    pub expected: Vec<usize>,
    /// The weights' shape.
    pub found: Vec<usize>,
}

impl Mismatch {
    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.misshapen.is_empty()
    }
}

/// Most tensors of each kind that a message lists; the error itself holds them all.
const LISTED: usize = 10;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |(name, shape): &(String, Vec<usize>)| format!("{} {shape:?}", crate::pickle::shown(name));
        list(f, "missing", &self.missing, named)?;
        list(f, "extra", &self.extra, named)?;
        list(f, "misshapen", &self.misshapen, |tensor| {
            let name = crate::pickle::shown(&tensor.name);
            format!("{name} expected {:?}, found {:?}", tensor.expected, tensor.found)
        })
    }
}

fn list<T>(f: &mut fmt::Formatter<'_>, kind: &str, items: &[T], text: impl Fn(&T) -> String) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    let plural = if items.len() == 1 { "tensor" } else { "tensors" };
    write!(f, "\n  {} {kind} {plural}: ", items.len())?;
    let shown: Vec<String> = items.iter().take(LISTED).map(text).collect();
    f.write_str(&shown.join("; "))?;
    if items.len() > LISTED { write!(f, "; and {} more", items.len() - LISTED) } else { Ok(()) }
}

/// An error of a reader that sees bytes and knows no file name.
#[derive(Debug)]
pub(super) enum Fault {
    Malformed { place: Place, expected: String, found: String },
    Foreign { place: Place, class: String },
}

impl Fault {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Fault::Malformed { place: Place::default(), expected: expected.into(), found: found.into() }
    }

    pub(super) fn at(mut self, byte: u64) -> Self {
        let (Fault::Malformed { place, .. } | Fault::Foreign { place, .. }) = &mut self;
        place.byte = Some(byte);
        self
    }

    pub(super) fn in_record(mut self, record: &str) -> Self {
        let (Fault::Malformed { place, .. } | Fault::Foreign { place, .. }) = &mut self;
        place.record.get_or_insert_with(|| crate::pickle::shown(record));
        self
    }

    /// Says which tensor the fault concerns.
    pub(super) fn of_tensor(mut self, name: &str) -> Self {
        if let Fault::Malformed { found, .. } = &mut self {
            found.push_str(&format!(" (tensor `{}`)", crate::pickle::shown(name)));
        }
        self
    }

    pub(super) fn in_file(self, path: &Path) -> WeightsError {
        let path = path.to_owned();
        match self {
            Fault::Malformed { place, expected, found } => WeightsError::Malformed { path, place, expected, found },
            Fault::Foreign { place, class } => WeightsError::Foreign { path, place, class },
        }
    }
}

impl From<PickleError> for Fault {
    fn from(error: PickleError) -> Self {
        let fault = match error.problem {
            Problem::ForeignClass(class) => Fault::Foreign { place: Place::default(), class },
            problem => Fault::new(problem.expected(), problem.found()),
        };
        fault.at(error.at as u64)
    }
}
