//! What is available: models, eigensolvers and backends, linked in through `inventory`.
//!
//! Entries are constants with function pointers; a crate adds one with [`submit!`](crate::submit). A linked-in crate
//! that nobody names is dropped by the linker, so the program names each in one file. Entries are per library: what a
//! loaded library brings has to be handed over by its manifest.

use crate::backend::{BackendError, BackendRequest, SecondOrderBackend};
use crate::eigen::EigenSolver;
use crate::model::{Model, Task};
use crate::options::{OptionError, OptionSpec, Options};

pub use inventory;

/// Adds an entry to the registry of this library.
#[macro_export]
macro_rules! submit {
    ($entry:expr) => {
        $crate::registry::inventory::submit! { $entry }
    };
}

/// Makes a model from its options for a task.
pub type MakeModel = fn(&Options, &Task) -> Result<Box<dyn Model>, OptionError>;

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
    pub make: MakeModel,
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
    pub make: fn(&Options) -> Result<Box<dyn EigenSolver>, OptionError>,
}

/// A backend.
pub struct BackendEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The devices it can use on this machine.
    pub devices: fn() -> Vec<String>,
    /// Opens one.
    pub open: fn(&BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError>,
}

inventory::collect!(ModelEntry);
inventory::collect!(SolverEntry);
inventory::collect!(BackendEntry);

/// Every model, by name.
pub fn models() -> Vec<&'static ModelEntry> {
    let mut all: Vec<_> = inventory::iter::<ModelEntry>.into_iter().collect();
    all.sort_by_key(|e| e.name);
    all
}

/// Every eigensolver, by name.
pub fn solvers() -> Vec<&'static SolverEntry> {
    let mut all: Vec<_> = inventory::iter::<SolverEntry>.into_iter().collect();
    all.sort_by_key(|e| e.name);
    all
}

/// Every backend, by name.
pub fn backends() -> Vec<&'static BackendEntry> {
    let mut all: Vec<_> = inventory::iter::<BackendEntry>.into_iter().collect();
    all.sort_by_key(|e| e.name);
    all
}
