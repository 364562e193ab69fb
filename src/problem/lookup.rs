//! Registered things by name, with a hint where the name is wrong.

use super::ProblemError;
use crate::plugin::{SEPARATE, Separate};
use hesse_core::options::Options;
use hesse_core::registry::{
    self, AttackEntry, BackendEntry, DensityEntry, DiagonalEntry, Entry, FindError, Listed, ModelEntry, SolverEntry,
    TraceEntry,
};

/// The model that `name:key=value,…` names, with its checked options; its library is opened where it has one of its own.
///
/// # Errors
/// Where no model has the name, its library cannot be had, or the options are not its own.
pub fn model(text: &str) -> Result<(Listed<ModelEntry>, Options), ProblemError> {
    let name = text.split(':').next().unwrap_or_default();
    if let Some(separate) = Separate::with_model(name).filter(|s| !s.is_registered()) {
        separate.bring()?;
    }
    with_options(text)
}

/// The eigensolver that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn solver(text: &str) -> Result<(Listed<SolverEntry>, Options), ProblemError> {
    with_options(text)
}

/// The estimator of traces that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn trace(text: &str) -> Result<(Listed<TraceEntry>, Options), ProblemError> {
    with_options(text)
}

/// The estimator of diagonals that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn diagonal(text: &str) -> Result<(Listed<DiagonalEntry>, Options), ProblemError> {
    with_options(text)
}

/// The estimator of densities that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn density(text: &str) -> Result<(Listed<DensityEntry>, Options), ProblemError> {
    with_options(text)
}

/// The attack that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn attack(text: &str) -> Result<(Listed<AttackEntry>, Options), ProblemError> {
    with_options(text)
}

/// The backend of this name; its library is opened where it has one of its own.
///
/// # Errors
/// Where no backend has the name, or several have, or its library cannot be had.
pub fn backend(name: &str) -> Result<Listed<BackendEntry>, ProblemError> {
    if let Some(separate) = Separate::named(name).filter(|s| !s.is_registered()) {
        separate.bring()?;
    }
    find(name)
}

fn with_options<E: Entry>(text: &str) -> Result<(Listed<E>, Options), ProblemError> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let entry: Listed<E> = find(name)?;
    let options = Options::declared(rest, entry.options())?;
    options.check(entry.name(), entry.options())?;
    Ok((entry, options))
}

fn find<E: Entry>(name: &str) -> Result<Listed<E>, ProblemError> {
    let error = match registry::find::<E>(name) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    if let FindError::Ambiguous { .. } = error {
        return Err(ProblemError::Ambiguous(error));
    }
    let mut names: Vec<&str> = registry::all::<E>().iter().map(|e| e.name()).collect();
    if E::KIND == "model" {
        names.extend(SEPARATE.iter().flat_map(|s| s.models).filter(|m| !names.contains(m)).collect::<Vec<_>>());
    }
    if E::KIND == "backend" {
        names.extend(SEPARATE.iter().map(|s| s.name).filter(|s| !names.contains(s)).collect::<Vec<_>>());
    }
    let nearest = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    let mend = match nearest {
        // Two slips in a word are a slip; more are another word.
        Some((slips, near)) if slips <= 2 && slips < near.len() => format!("did you mean `{near}`?"),
        _ => format!("there is {}", names.join(", ")),
    };
    let listing = match E::KIND {
        "model" => "hesse models",
        "solver" => "hesse solvers",
        "attack" => "hesse attacks",
        kind if kind.ends_with("estimator") => "hesse estimators",
        _ => "hesse backends",
    };
    Err(ProblemError::Unknown { kind: E::KIND, name: name.escape_debug().to_string(), mend, listing })
}
