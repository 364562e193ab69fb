//! The worst case per sample over several attacks: mean_x min_a, never min_a mean_x.

use super::{AttackOutcome, Verdict};
use crate::attack::AttackError;

/// All samples at one ε under all attacks.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstCase {
    /// The budget.
    pub epsilon: f64,
    /// One per sample, in the order of the request.
    pub verdicts: Vec<Verdict>,
    /// For every fooled sample, the position of the first attack that fooled it.
    pub by: Vec<Option<usize>>,
}

impl WorstCase {
    /// Samples that no attack fooled.
    pub fn robust(&self) -> usize {
        self.verdicts.iter().filter(|v| **v == Verdict::Robust).count()
    }
}

/// Merges outcomes of the same samples and the same ε.
///
/// # Errors
/// Where they are not of the same samples and ε.
pub fn worst_case(outcomes: &[AttackOutcome]) -> Result<Vec<WorstCase>, AttackError> {
    let Some(first) = outcomes.first() else { return Ok(Vec::new()) };
    let mut merged: Vec<WorstCase> = first
        .epsilons
        .iter()
        .map(|e| WorstCase {
            epsilon: e.epsilon,
            verdicts: e.samples.iter().map(|s| s.verdict).collect(),
            by: e.samples.iter().map(|s| (s.verdict == Verdict::Fooled).then_some(0)).collect(),
        })
        .collect();
    for (position, outcome) in outcomes.iter().enumerate().skip(1) {
        let fits = outcome.epsilons.len() == merged.len()
            && outcome.epsilons.iter().zip(first.epsilons.iter()).all(|(a, b)| {
                a.epsilon == b.epsilon && a.samples.iter().map(|s| s.index).eq(b.samples.iter().map(|s| s.index))
            });
        if !fits {
            return Err(AttackError::Request {
                what: "worst case",
                expected: "outcomes of the same samples and the same ε".to_string(),
                found: format!("others in outcome {position}"),
            });
        }
        for (into, epsilon) in merged.iter_mut().zip(&outcome.epsilons) {
            let entries = into.verdicts.iter_mut().zip(&mut into.by).zip(&epsilon.samples);
            for ((verdict, by), sample) in entries {
                if *verdict == Verdict::Robust && sample.verdict == Verdict::Fooled {
                    (*verdict, *by) = (Verdict::Fooled, Some(position));
                }
            }
        }
    }
    Ok(merged)
}
