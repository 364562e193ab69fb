//! Perturbed samples with what the network says of them, and which of two is the better attack.

use crate::attack::{AttackError, AttackLoss, Budget, Goal, InputOracle, OracleError, ThreatModel, geometry, losses};
use std::cmp::Ordering;

/// What the network says of one perturbed sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Whether the goal is reached.
    pub success: bool,
    /// The class of the largest logit, the lowest on a tie; none where a logit is NaN, which never is a success.
    pub prediction: Option<u32>,
    /// Cross-entropy of the label.
    pub loss: f64,
    /// max_{k≠y} z_k − z_y. Exactly zero is a tie that another device may break the other way.
    pub margin: f64,
    /// Norm of the perturbation.
    pub norm: f64,
}

/// Whether `a` is the better attack: success first, then for a minimal budget the smaller norm, for a fixed one the
/// loss that is higher (lower, towards a target). A loss that is NaN is the worst.
pub fn better(a: &Scored, b: &Scored, goal: Goal, budget: Budget) -> bool {
    if a.success != b.success {
        return a.success;
    }
    let worth = |s: &Scored| match (budget, goal) {
        (Budget::Minimal, _) if s.success => -s.norm,
        (_, Goal::Untargeted) => s.loss,
        (_, Goal::Targeted) => -s.loss,
    };
    match (worth(a), worth(b)) {
        (x, _) if x.is_nan() => false,
        (_, y) if y.is_nan() => true,
        (x, y) => x.total_cmp(&y) == Ordering::Greater,
    }
}

/// Perturbed samples, inside ball and box, with their scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// `N × D`.
    pub samples: Vec<f64>,
    /// One per sample.
    pub scores: Vec<Scored>,
    /// Entries that were NaN or infinite and have been replaced by the clean ones.
    pub replaced: usize,
}

impl Candidates {
    /// Replaces what is not finite, projects to the ball of radius ε and the box, and asks the network. `clean` and
    /// `proposed` are `N × D`. Cost: one forward pass.
    ///
    /// # Errors
    /// Where lengths differ or the oracle fails.
    pub fn evaluate(
        oracle: &dyn InputOracle,
        threat: &ThreatModel,
        goal: Goal,
        epsilon: f64,
        (clean, labels): (&[f64], &[u32]),
        mut proposed: Vec<f64>,
    ) -> Result<Self, AttackError> {
        if proposed.len() != clean.len() {
            return Err(AttackError::Request {
                what: "result of the attack",
                expected: format!("{} entries", clean.len()),
                found: proposed.len().to_string(),
            });
        }
        let mut replaced = 0;
        for (x, c) in proposed.iter_mut().zip(clean).filter(|(x, _)| !x.is_finite()) {
            *x = *c;
            replaced += 1;
        }
        let dimension: usize = oracle.shape().iter().product();
        geometry::project_all(threat, epsilon, clean, &mut proposed, dimension);
        let logits = if labels.is_empty() { Vec::new() } else { oracle.logits(&proposed)? };
        require_logits(oracle, labels.len(), &logits)?;
        let scores = score(oracle, threat, goal, (clean, labels), &proposed, &logits);
        Ok(Candidates { samples: proposed, scores, replaced })
    }

    /// Takes over, sample by sample, what is better in `other`; true for the samples taken over. Both of the same
    /// samples.
    pub fn improve(&mut self, other: &Candidates, goal: Goal, budget: Budget) -> Vec<bool> {
        let dimension = self.samples.len() / self.scores.len().max(1);
        let rows = self.samples.chunks_exact_mut(dimension.max(1)).zip(other.samples.chunks_exact(dimension.max(1)));
        let scores = self.scores.iter_mut().zip(&other.scores);
        rows.zip(scores)
            .map(|((row, new_row), (score, new))| {
                let taken = better(new, score, goal, budget);
                if taken {
                    row.copy_from_slice(new_row);
                    *score = *new;
                }
                taken
            })
            .collect()
    }
}

/// Oracles may come from other libraries: a short answer must not end in samples without a verdict.
pub(super) fn require_logits(oracle: &dyn InputOracle, n: usize, logits: &[f64]) -> Result<(), OracleError> {
    let expected = n * oracle.classes();
    if logits.len() == expected {
        return Ok(());
    }
    Err(OracleError::Size { what: "logits of the oracle", expected, found: logits.len() })
}

/// Scores of samples whose logits are known.
pub(super) fn score(
    oracle: &dyn InputOracle,
    threat: &ThreatModel,
    goal: Goal,
    (clean, labels): (&[f64], &[u32]),
    samples: &[f64],
    logits: &[f64],
) -> Vec<Scored> {
    let dimension: usize = oracle.shape().iter().product();
    let rows = samples.chunks_exact(dimension.max(1)).zip(clean.chunks_exact(dimension.max(1)));
    let mut change = vec![0.0; dimension];
    rows.zip(logits.chunks_exact(oracle.classes().max(1)).zip(labels))
        .map(|((x, c), (z, &label))| {
            change.iter_mut().zip(x.iter().zip(c)).for_each(|(d, (x, c))| *d = x - c);
            let prediction = losses::prediction(z);
            let success = goal.reached(z, label);
            let (loss, margin) = (losses::value(AttackLoss::CrossEntropy, z, label), losses::margin(z, label));
            Scored { success, prediction, loss, margin, norm: threat.norm.of(&change) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_comes_first_then_norm_or_loss_and_nan_last() {
        let plain = Scored { success: false, prediction: Some(0), loss: 1.0, margin: -1.0, norm: 0.5 };
        let fooled = Scored { success: true, loss: 0.5, norm: 0.7, ..plain };
        let nearer = Scored { norm: 0.6, loss: 0.4, ..fooled };
        let unknown = Scored { loss: f64::NAN, ..plain };
        for budget in [Budget::Fixed, Budget::Minimal] {
            assert!(better(&fooled, &plain, Goal::Untargeted, budget));
            assert!(!better(&plain, &fooled, Goal::Untargeted, budget));
            assert!(better(&plain, &unknown, Goal::Untargeted, budget));
            assert!(!better(&unknown, &plain, Goal::Untargeted, budget));
        }
        assert!(better(&nearer, &fooled, Goal::Untargeted, Budget::Minimal));
        assert!(better(&fooled, &nearer, Goal::Untargeted, Budget::Fixed));
        assert!(better(&nearer, &fooled, Goal::Targeted, Budget::Fixed));
    }
}
