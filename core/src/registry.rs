//! What is available: models, eigensolvers, attacks and backends, linked in through `inventory` or loaded at run time.
//!
//! Entries are constants; a crate adds one with [`submit!`](crate::submit). A linked-in crate that nobody names is
//! dropped by the linker, so the program names each in one file. `inventory` works per library: what a loaded library
//! brings is handed over by its manifest and [added](add) here, once, for the life of the process.
//!
//! Two entries of one name are both kept, because a library must not replace another's by being loaded later: the bare
//! name is then ambiguous and [`find`] says where both come from, and `origin/name` tells them apart.

pub use crate::attack::AttackEntry;
use crate::backend::{BackendError, BackendRequest, SecondOrderBackend};
use crate::eigen::EigenSolver;
use crate::estimate::{DensityEstimator, DiagonalEstimator, TraceEstimator};
use crate::model::{Model, Task};
use crate::options::{OptionError, OptionSpec, Options};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

pub use inventory;

/// Adds an entry to the registry of this library.
#[macro_export]
macro_rules! submit {
    ($entry:expr) => {
        $crate::registry::inventory::submit! { $entry }
    };
}

/// Makes a model from its options for a task.
pub type MakeModel = dyn Fn(&Options, &Task) -> Result<Box<dyn Model>, OptionError> + Send + Sync;
/// Makes an eigensolver from its options.
pub type MakeSolver = dyn Fn(&Options) -> Result<Box<dyn EigenSolver>, OptionError> + Send + Sync;
/// Makes an estimator of traces from its options.
pub type MakeTrace = dyn Fn(&Options) -> Result<Box<dyn TraceEstimator>, OptionError> + Send + Sync;
/// Makes an estimator of diagonals from its options.
pub type MakeDiagonal = dyn Fn(&Options) -> Result<Box<dyn DiagonalEstimator>, OptionError> + Send + Sync;
/// Makes an estimator of densities from its options.
pub type MakeDensity = dyn Fn(&Options) -> Result<Box<dyn DensityEstimator>, OptionError> + Send + Sync;
/// Lists the devices that a backend can use on this machine.
pub type Devices = dyn Fn() -> Vec<String> + Send + Sync;
/// Opens a backend.
pub type OpenBackend = dyn Fn(&BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> + Send + Sync;

/// An architecture.
pub struct ModelEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one for a task.
    pub make: &'static MakeModel,
}

/// An eigensolver.
pub struct SolverEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one.
    pub make: &'static MakeSolver,
}

/// An estimator of traces. Linked in only: estimators do not cross the boundary of a loaded library, whose layouts are fixed
/// for each kind; a loaded eigensolver serves them with known pairs all the same.
pub struct TraceEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one.
    pub make: &'static MakeTrace,
}

/// An estimator of diagonals. Linked in only, as [`TraceEntry`].
pub struct DiagonalEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one.
    pub make: &'static MakeDiagonal,
}

/// An estimator of spectral densities. Linked in only, as [`TraceEntry`].
pub struct DensityEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one.
    pub make: &'static MakeDensity,
}

/// A backend.
pub struct BackendEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// SPDX expression.
    pub license: &'static str,
    /// The devices it can use on this machine.
    pub devices: &'static Devices,
    /// Opens one.
    pub open: &'static OpenBackend,
}

inventory::collect!(ModelEntry);
inventory::collect!(SolverEntry);
inventory::collect!(AttackEntry);
inventory::collect!(TraceEntry);
inventory::collect!(DiagonalEntry);
inventory::collect!(DensityEntry);
inventory::collect!(BackendEntry);

/// What every kind of entry has.
pub trait Entry: Sized + Send + Sync + 'static {
    /// What people call the kind.
    const KIND: &'static str;
    /// What the command line calls it.
    fn name(&self) -> &'static str;
    /// One line.
    fn summary(&self) -> &'static str;
    /// Its options.
    fn options(&self) -> &'static [OptionSpec];
    /// SPDX expression.
    fn license(&self) -> &'static str;
    /// Those that were linked in.
    fn linked() -> Vec<&'static Self>;
    /// Those that were loaded.
    #[doc(hidden)]
    fn loaded() -> &'static RwLock<Vec<Listed<Self>>>;
}

macro_rules! entry {
    ($entry:ty, $kind:literal, $options:expr) => {
        impl Entry for $entry {
            const KIND: &'static str = $kind;
            fn name(&self) -> &'static str {
                self.name
            }
            fn summary(&self) -> &'static str {
                self.summary
            }
            fn options(&self) -> &'static [OptionSpec] {
                let options: fn(&Self) -> &'static [OptionSpec] = $options;
                options(self)
            }
            fn license(&self) -> &'static str {
                self.license
            }
            fn linked() -> Vec<&'static Self> {
                inventory::iter::<$entry>.into_iter().collect()
            }
            fn loaded() -> &'static RwLock<Vec<Listed<Self>>> {
                static LOADED: RwLock<Vec<Listed<$entry>>> = RwLock::new(Vec::new());
                &LOADED
            }
        }
    };
}
entry!(ModelEntry, "model", |e| e.options);
entry!(SolverEntry, "solver", |e| e.options);
entry!(AttackEntry, "attack", |e| e.options);
entry!(TraceEntry, "trace estimator", |e| e.options);
entry!(DiagonalEntry, "diagonal estimator", |e| e.options);
entry!(DensityEntry, "density estimator", |e| e.options);
entry!(BackendEntry, "backend", |_| &[]);

/// A library that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryInfo {
    /// Where it lies; absolute.
    pub path: PathBuf,
    /// The file's name without `lib` and extension: what stands before `/` in a full name.
    pub stem: String,
    /// Name of the package it was built from.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// Compiler and profile, for people.
    pub built_with: String,
}

/// An entry and where it comes from: no library if it was linked in.
pub struct Listed<E: 'static> {
    /// The entry.
    pub entry: &'static E,
    /// The library that brought it.
    pub library: Option<&'static LibraryInfo>,
}

impl<E> Clone for Listed<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Listed<E> {}

impl<E> Deref for Listed<E> {
    type Target = E;
    fn deref(&self) -> &E {
        self.entry
    }
}

impl<E: Entry> Listed<E> {
    /// The part of a full name before `/`: the library's stem, or `builtin`.
    pub fn origin(&self) -> &'static str {
        self.library.map_or("builtin", |l| l.stem.as_str())
    }
    /// Where it comes from, for people.
    pub fn place(&self) -> String {
        self.library.map_or_else(|| "built in".to_string(), |l| l.path.display().to_string())
    }
}

/// Every entry of a kind, by name, built-in ones first.
pub fn all<E: Entry>() -> Vec<Listed<E>> {
    let mut all: Vec<Listed<E>> = E::linked().into_iter().map(|entry| Listed { entry, library: None }).collect();
    all.extend(E::loaded().read().unwrap_or_else(PoisonError::into_inner).iter().copied());
    all.sort_by_key(|e| (e.name(), e.library.map(|l| &l.path)));
    all
}

/// Adds a loaded library's entries.
pub fn add<E: Entry>(entries: impl IntoIterator<Item = Listed<E>>) {
    E::loaded().write().unwrap_or_else(PoisonError::into_inner).extend(entries);
}

/// Why a name finds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No entry has it.
    #[error("no {kind} '{name}'")]
    Unknown {
        /// The kind.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Several have it.
    #[error("{kind} '{name}' is in {}; write one of {}", places.join(" and in "), full_names.join(", "))]
    Ambiguous {
        /// The kind.
        kind: &'static str,
        /// The name.
        name: String,
        /// Where.
        places: Vec<String>,
        /// What to write.
        full_names: Vec<String>,
    },
}

/// The entry of a name, or of a full name `origin/name`.
///
/// # Errors
/// Where there is none, or several.
pub fn find<E: Entry>(text: &str) -> Result<Listed<E>, FindError> {
    let (origin, name) = match text.rsplit_once('/') {
        Some((origin, name)) => (Some(origin), name),
        None => (None, text),
    };
    let fits = |e: &Listed<E>| e.name() == name && origin.is_none_or(|o| o == e.origin());
    let found: Vec<Listed<E>> = all::<E>().into_iter().filter(fits).collect();
    match found[..] {
        [] => Err(FindError::Unknown { kind: E::KIND, name: text.to_string() }),
        [one] => Ok(one),
        _ => Err(FindError::Ambiguous {
            kind: E::KIND,
            name: text.to_string(),
            places: found.iter().map(Listed::place).collect(),
            full_names: found.iter().map(|e| format!("{}/{name}", e.origin())).collect(),
        }),
    }
}

/// Every model, by name.
pub fn models() -> Vec<Listed<ModelEntry>> {
    all()
}

/// Every eigensolver, by name.
pub fn solvers() -> Vec<Listed<SolverEntry>> {
    all()
}

/// Every attack, by name.
pub fn attacks() -> Vec<Listed<AttackEntry>> {
    all()
}

/// Every backend, by name.
pub fn backends() -> Vec<Listed<BackendEntry>> {
    all()
}
