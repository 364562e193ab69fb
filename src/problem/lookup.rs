//! Registered things by name, with a hint where the name is wrong.

use super::ProblemError;
use hesse_core::options::Options;
use hesse_core::registry::{self, BackendEntry, ModelEntry, SolverEntry};

/// The model that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// Where no model has the name, or the options are not its own.
pub fn model(text: &str) -> Result<(&'static ModelEntry, Options), ProblemError> {
    let (name, options) = Options::split(text)?;
    let entry = find("model", "hesse models", &name, registry::models(), |e| e.name)?;
    options.check(entry.name, entry.options)?;
    Ok((entry, options))
}

/// The eigensolver that `name:key=value,…` names, with its checked options.
///
/// # Errors
/// As [`model`].
pub fn solver(text: &str) -> Result<(&'static SolverEntry, Options), ProblemError> {
    let (name, options) = Options::split(text)?;
    let entry = find("solver", "hesse solvers", &name, registry::solvers(), |e| e.name)?;
    options.check(entry.name, entry.options)?;
    Ok((entry, options))
}

/// The backend of this name.
///
/// # Errors
/// Where no backend has the name.
pub fn backend(name: &str) -> Result<&'static BackendEntry, ProblemError> {
    find("backend", "hesse backends", name, registry::backends(), |e| e.name)
}

fn find<T>(
    kind: &'static str,
    listing: &'static str,
    name: &str,
    entries: Vec<&'static T>,
    name_of: impl Fn(&T) -> &'static str,
) -> Result<&'static T, ProblemError> {
    if let Some(entry) = entries.iter().find(|e| name_of(e) == name) {
        return Ok(entry);
    }
    let nearest = entries.iter().map(|e| (strsim::damerau_levenshtein(name, name_of(e)), name_of(e))).min();
    let mend = match nearest {
        // Two slips in a word are a slip; more are another word.
        Some((slips, near)) if slips <= 2 && slips < near.len() => format!("did you mean `{near}`?"),
        _ => format!("there is {}", entries.iter().map(|e| name_of(e)).collect::<Vec<_>>().join(", ")),
    };
    Err(ProblemError::Unknown { kind, name: name.escape_debug().to_string(), mend, listing })
}
