//! The conformance suite of each kind of plugin: `hesse plugin check FILE`, and the tests of what is built in.
//!
//! A point is one sentence that must hold. Everything is judged from outside, by matrices whose spectrum is known,
//! networks whose derivatives are known, and questions that a hostile program would ask; nothing that a plugin says of
//! itself is believed.

mod attack;
mod backend;
mod closed_form;
mod model;
mod planted;
mod solver;

use hesse_core::plugin::import::LibraryEntries;
use hesse_core::plugin::panic_message;
use hesse_core::registry::{AttackEntry, BackendEntry, Listed, ModelEntry, SolverEntry};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One sentence and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The sentence.
    pub sentence: &'static str,
    /// Why not, where it does not hold.
    pub failure: Option<String>,
    /// What a reader should know where it does: that a hard task was declined, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// All points of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `model`, `solver`, `attack` or `backend`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// In the order in which they were tried.
    pub points: Vec<Point>,
}

impl Verdict {
    fn new(kind: &'static str, name: &str) -> Self {
        Verdict { kind, name: name.to_string(), points: Vec::new() }
    }

    /// Tries a point. A panic of a plugin that is linked in is a failure of the point.
    fn point(&mut self, sentence: &'static str, holds: impl FnOnce() -> Result<(), String>) {
        self.noted(sentence, || holds().map(|()| None));
    }

    /// Tries a point that may hold with a note.
    fn noted(&mut self, sentence: &'static str, holds: impl FnOnce() -> Result<Option<String>, String>) {
        let (failure, note) = match catch_unwind(AssertUnwindSafe(holds)) {
            Ok(Ok(note)) => (None, note),
            Ok(Err(why)) => (Some(why), None),
            Err(payload) => (Some(format!("panicked: {}", panic_message(payload))), None),
        };
        self.points.push(Point { sentence, failure, note });
    }

    /// Whether every point holds.
    pub fn passes(&self) -> bool {
        self.points.iter().all(|p| p.failure.is_none())
    }
}

/// Asks that a figure is within its bound.
fn within(what: &str, found: f64, bound: f64) -> Result<(), String> {
    if found <= bound { Ok(()) } else { Err(format!("{what}: expected at most {bound:.1e}, found {found:.1e}")) }
}

/// Asks that something holds.
fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The suite of an architecture.
pub fn check_model(entry: &Listed<ModelEntry>) -> Verdict {
    model::check(entry)
}

/// The suite of an eigensolver.
pub fn check_solver(entry: &Listed<SolverEntry>) -> Verdict {
    solver::check(entry)
}

/// The suite of an attack.
pub fn check_attack(entry: &Listed<AttackEntry>) -> Verdict {
    attack::check(entry)
}

/// The suite of a backend.
pub fn check_backend(entry: &Listed<BackendEntry>) -> Verdict {
    backend::check(entry)
}

/// The suites of everything that a library offers; `done` hears of each verdict.
pub fn check_library(library: &LibraryEntries, done: &mut dyn FnMut(&Verdict)) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut add = |verdict: Verdict| {
        done(&verdict);
        verdicts.push(verdict);
    };
    library.models.iter().for_each(|e| add(check_model(e)));
    library.solvers.iter().for_each(|e| add(check_solver(e)));
    library.attacks.iter().for_each(|e| add(check_attack(e)));
    library.backends.iter().for_each(|e| add(check_backend(e)));
    verdicts
}
