//! What an attack climbs: a loss of the label, or one that needs more than the label.
//!
//! An [`Aim`] is an objective at the samples of one request. It turns signs so that more is better whatever the goal, and
//! says of every point whether the goal is reached there, so that loops need not ask what they climb. Objectives beyond
//! [`AttackLoss`] are functions of the logits on the host: they cost an oracle nothing but Jᵀu, and a loaded library needs
//! no new function for them.

mod divergence;
mod rivals;
mod targeted_ratio;

pub use divergence::{divergence, divergence_gradient};
pub use rivals::ranked_rivals;
pub use targeted_ratio::{targeted_ratio, targeted_ratio_gradient};

use super::{AttackError, AttackLoss, AttackRequest, Goal, InputOracle, LossGradient, OracleError, losses};
use std::fmt;

/// What is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Objective {
    /// The loss of the label; towards a target, that of the target is lowered.
    Loss(AttackLoss),
    /// KL(p(clean) ‖ p(x)): away from what the network says of the clean sample. Its gradient is zero there, so a climb
    /// must begin elsewhere. Knows no target.
    Divergence,
}

impl From<AttackLoss> for Objective {
    fn from(loss: AttackLoss) -> Self {
        Objective::Loss(loss)
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objective::Loss(loss) => loss.fmt(f),
            Objective::Divergence => f.write_str("kl"),
        }
    }
}

enum Kind {
    Loss(AttackLoss),
    /// `N × C` logits of the clean samples.
    Divergence(Vec<f64>),
    /// One other class per sample.
    TargetedRatio(Vec<u32>),
}

/// An objective at the samples of a request.
pub struct Aim<'a> {
    oracle: &'a dyn InputOracle,
    request: &'a AttackRequest<'a>,
    kind: Kind,
}

impl<'a> Aim<'a> {
    /// Cost: one forward pass for the divergence, else nothing.
    ///
    /// # Errors
    /// Where the oracle fails, or the divergence is asked for with a target.
    pub fn new(
        oracle: &'a dyn InputOracle,
        request: &'a AttackRequest<'a>,
        objective: Objective,
    ) -> Result<Self, AttackError> {
        let kind = match objective {
            Objective::Loss(loss) => Kind::Loss(loss),
            Objective::Divergence if request.goal == Goal::Targeted => {
                return Err(AttackError::Request {
                    what: "loss",
                    expected: "one that knows the target: cross-entropy, margin or dlr".into(),
                    found: "kl".into(),
                });
            }
            Objective::Divergence => Kind::Divergence(logits(oracle, request, request.samples)?),
        };
        Ok(Aim { oracle, request, kind })
    }

    /// The targeted difference-of-logits ratio towards one other class per sample. The goal stays that of the request:
    /// with [`Goal::Untargeted`] any other class is a success. Towards a target, its strongest rival takes the place of
    /// the true class and `targets` do not matter.
    ///
    /// # Errors
    /// Where there are fewer than four classes, or not one target per sample.
    pub fn towards(
        oracle: &'a dyn InputOracle,
        request: &'a AttackRequest<'a>,
        targets: Vec<u32>,
    ) -> Result<Self, AttackError> {
        if oracle.classes() < targeted_ratio::CLASSES {
            return Err(AttackError::Request {
                what: "classes for the targeted difference-of-logits ratio",
                expected: format!("at least {}", targeted_ratio::CLASSES),
                found: oracle.classes().to_string(),
            });
        }
        OracleError::check_size("targets", request.labels.len(), targets.len())?;
        Ok(Aim { oracle, request, kind: Kind::TargetedRatio(targets) })
    }

    /// Values and gradients at `x`, `N × D`, with the sign under which more is better. Cost: one gradient.
    ///
    /// # Errors
    /// Where the oracle fails.
    pub fn uphill(&self, x: &[f64]) -> Result<LossGradient, AttackError> {
        let labels = self.request.labels;
        if let Kind::Loss(loss) = self.kind {
            let mut found = self.oracle.loss_gradient(x, labels, loss)?;
            OracleError::check_size("losses of the oracle", labels.len(), found.losses.len())?;
            OracleError::check_size("gradient of the oracle", x.len(), found.gradient.len())?;
            if self.request.goal == Goal::Targeted {
                found.losses.iter_mut().chain(&mut found.gradient).for_each(|v| *v = -*v);
            }
            return Ok(found);
        }
        let classes = self.oracle.classes().max(1);
        let z = logits(self.oracle, self.request, x)?;
        let mut u = vec![0.0; z.len()];
        for (i, (u, z)) in u.chunks_exact_mut(classes).zip(z.chunks_exact(classes)).enumerate() {
            match &self.kind {
                Kind::Divergence(reference) => divergence_gradient(row(reference, i, classes), z, u),
                _ => {
                    let (from, to) = self.pair(i, z);
                    targeted_ratio_gradient(z, from, to, u);
                }
            }
        }
        let gradient = self.oracle.transposed_jacobian_product(x, &u)?;
        OracleError::check_size("gradient of the oracle", x.len(), gradient.len())?;
        Ok(LossGradient {
            losses: z.chunks_exact(classes).enumerate().map(|(i, z)| self.value(i, z)).collect(),
            gradient,
        })
    }

    /// Success and value at `x`, with the same sign. Cost: one forward pass, or none after a gradient at the same samples
    /// where the oracle keeps them.
    ///
    /// # Errors
    /// Where the oracle fails.
    pub fn standing(&self, x: &[f64]) -> Result<Vec<(bool, f64)>, AttackError> {
        let z = logits(self.oracle, self.request, x)?;
        let rows = z.chunks_exact(self.oracle.classes().max(1)).zip(self.request.labels).enumerate();
        Ok(rows.map(|(i, (z, &label))| (self.request.goal.reached(z, label), self.value(i, z))).collect())
    }

    fn value(&self, i: usize, z: &[f64]) -> f64 {
        let label = self.request.labels.get(i).copied().unwrap_or(u32::MAX);
        match &self.kind {
            Kind::Loss(loss) => match self.request.goal {
                Goal::Untargeted => losses::value(*loss, z, label),
                Goal::Targeted => -losses::value(*loss, z, label),
            },
            Kind::Divergence(reference) => divergence(row(reference, i, z.len()), z),
            Kind::TargetedRatio(_) => {
                let (from, to) = self.pair(i, z);
                targeted_ratio(z, from, to)
            }
        }
    }

    /// The class to leave and the class to reach.
    fn pair(&self, i: usize, z: &[f64]) -> (u32, u32) {
        let label = self.request.labels.get(i).copied().unwrap_or(u32::MAX);
        let Kind::TargetedRatio(targets) = &self.kind else { return (label, label) };
        match self.request.goal {
            Goal::Untargeted => (label, targets.get(i).copied().unwrap_or(label)),
            Goal::Targeted => (losses::rival(z, label).unwrap_or(label), label),
        }
    }
}

fn row(matrix: &[f64], i: usize, width: usize) -> &[f64] {
    matrix.get(i * width..(i + 1) * width).unwrap_or_default()
}

fn logits(oracle: &dyn InputOracle, request: &AttackRequest<'_>, x: &[f64]) -> Result<Vec<f64>, AttackError> {
    let z = oracle.logits(x)?;
    OracleError::check_size("logits of the oracle", request.labels.len() * oracle.classes(), z.len())?;
    Ok(z)
}
