//! Prefixes that wrappers put before every name: `module.` (data parallelism), `model.`, `net.`, `_orig_mod.`.
//!
//! No list of wrappers: what more than half of the tensors begin with, and what makes more of the model's names match
//! when taken away, is such a prefix, whatever it is called.

use std::collections::HashMap;

/// Wrappers within wrappers.
const MAX_DEPTH: usize = 4;

/// The prefix, including its last dot, to strip from the names that have it; empty if none helps.
///
/// `wanted` says whether the model knows a name.
pub(super) fn find<'n>(names: &[&'n str], wanted: impl Fn(&str) -> bool) -> &'n str {
    let matches = |prefix: &str| {
        let stripped = |name: &&&str| name.strip_prefix(prefix).is_some_and(&wanted);
        names.iter().filter(stripped).count()
    };
    let mut best = ("", matches(""));
    for depth in 1..=MAX_DEPTH {
        let Some(prefix) = of_most(names, depth) else { break };
        let matched = matches(prefix);
        if matched > best.1 {
            best = (prefix, matched);
        }
    }
    best.0
}

/// The first `depth` components that more than half of the names share; there is at most one such prefix.
fn of_most<'n>(names: &[&'n str], depth: usize) -> Option<&'n str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in names {
        if let Some((end, _)) = name.match_indices('.').nth(depth - 1)
            && let Some(prefix) = name.get(..=end)
        {
            *counts.entry(prefix).or_default() += 1;
        }
    }
    counts.into_iter().find(|&(_, count)| 2 * count > names.len()).map(|(prefix, _)| prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'n>(names: &[&'n str], wanted: &[&str]) -> &'n str {
        find(names, |name| wanted.contains(&name))
    }

    #[test]
    fn wrappers_within_wrappers_are_seen_through() {
        assert_eq!(found(&["module.a.w", "module.b.w"], &["a.w", "b.w"]), "module.");
        assert_eq!(found(&["module.model.a.w", "module.model.b.w"], &["a.w", "b.w"]), "module.model.");
        assert_eq!(found(&["student.a.w", "student.b.w", "loss.scale"], &["a.w", "b.w"]), "student.");
    }

    #[test]
    fn names_that_match_as_they_are_stay() {
        assert_eq!(found(&["net.a.w", "net.b.w"], &["net.a.w", "net.b.w"]), "");
        assert_eq!(found(&["a.w", "b.w"], &["c.w"]), "");
        assert_eq!(found(&[], &["c.w"]), "");
    }

    #[test]
    fn a_prefix_of_the_model_itself_is_not_taken_for_a_wrapper() {
        // Half of the names would match without it, all match with it.
        assert_eq!(found(&["net.a", "net.b", "net.c"], &["net.a", "net.b", "net.c", "a"]), "");
    }
}
