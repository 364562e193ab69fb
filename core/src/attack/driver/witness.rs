//! Sees what an attack asks, to tell where it came upon a success and returned something else.
//!
//! A query with one row for every attacked sample is taken to hold their perturbed versions in order; a row counts where
//! it lies in ball and box of its sample, so that a query of something else does no harm. Of logits and of the losses
//! with a sign the answer is exact; a cross-entropy above ln C is a success for certain and one below is not counted, so
//! the number is a lower bound. It costs no pass.

use crate::attack::{AttackLoss, Goal, InputOracle, LossGradient, OracleError, ThreatModel};
use std::sync::atomic::{AtomicBool, Ordering};

/// An oracle that watches what goes through it.
pub(super) struct Witness<'a> {
    oracle: &'a dyn InputOracle,
    clean: &'a [f64],
    labels: &'a [u32],
    goal: Goal,
    threat: ThreatModel,
    epsilon: f64,
    seen: Vec<AtomicBool>,
}

impl<'a> Witness<'a> {
    pub fn new(
        oracle: &'a dyn InputOracle,
        (clean, labels): (&'a [f64], &'a [u32]),
        goal: Goal,
        threat: ThreatModel,
        epsilon: f64,
    ) -> Self {
        let seen = labels.iter().map(|_| AtomicBool::new(false)).collect();
        Witness { oracle, clean, labels, goal, threat, epsilon, seen }
    }

    /// For every sample whether a success was asked about.
    pub fn seen(&self) -> Vec<bool> {
        self.seen.iter().map(|s| s.load(Ordering::Relaxed)).collect()
    }

    fn dimension(&self) -> usize {
        self.oracle.shape().iter().product::<usize>().max(1)
    }

    fn note(&self, samples: &[f64], success: impl Fn(usize) -> bool) {
        if samples.len() != self.clean.len() {
            return;
        }
        let d = self.dimension();
        // Samples of a backend in single precision were rounded on the way.
        let bound = self.epsilon * (1.0 + 1e-6);
        let rows = samples.chunks_exact(d).zip(self.clean.chunks_exact(d)).zip(&self.seen).enumerate();
        for (i, ((x, clean), seen)) in rows {
            if seen.load(Ordering::Relaxed) || !success(i) {
                continue;
            }
            let change: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
            let inside = x.iter().all(|v| (self.threat.lower..=self.threat.upper).contains(v));
            if inside && self.threat.norm.of(&change) <= bound {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }
}

impl InputOracle for Witness<'_> {
    fn shape(&self) -> &[usize] {
        self.oracle.shape()
    }
    fn classes(&self) -> usize {
        self.oracle.classes()
    }
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        let z = self.oracle.logits(samples)?;
        let classes = self.classes();
        self.note(samples, |i| {
            let (z, label) = (z.get(i * classes..(i + 1) * classes), self.labels.get(i));
            z.zip(label).is_some_and(|(z, label)| self.goal.reached(z, *label))
        });
        Ok(z)
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        let found = self.oracle.loss_gradient(samples, labels, loss)?;
        if labels == self.labels {
            let many = (self.classes() as f64).ln();
            self.note(samples, |i| {
                let value = found.losses.get(i).copied().unwrap_or(f64::NAN);
                match (self.goal, loss) {
                    (Goal::Untargeted, AttackLoss::CrossEntropy) => value > many,
                    (Goal::Targeted, AttackLoss::CrossEntropy) => value < std::f64::consts::LN_2,
                    (Goal::Untargeted, _) => value > 0.0,
                    (Goal::Targeted, _) => value < 0.0,
                }
            });
        }
        Ok(found)
    }
    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        self.oracle.hessian_product(samples, labels, loss, v)
    }
    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.oracle.jacobian_product(samples, v)
    }
    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.oracle.transposed_jacobian_product(samples, u)
    }
}
