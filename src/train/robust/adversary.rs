//! Who perturbs the training samples, and how much.

use crate::problem::{ProblemError, lookup};
use crate::train::robust::divergence::DivergenceAscent;
use crate::train::robust::fast::FastStep;
use crate::train::{TrainError, options::require};
use hesse_core::Attack;
use hesse_core::attack::Norm;
use hesse_core::graph::Mode;
use std::fmt;

/// What makes the examples.
#[derive(Debug, Clone, PartialEq)]
pub enum Inner {
    /// A registered attack, `name:key=value,…`.
    Named(String),
    /// FastAT's own: one step from a uniform start that the box does not cut.
    Fast {
        /// Its length as a share of ε.
        alpha: f64,
    },
    /// TRADES' own: projected steps up the divergence KL(f(x) ‖ f(x')).
    Divergence {
        /// Number of steps.
        steps: usize,
        /// Their length as a share of ε.
        share: f64,
    },
}

/// An attack inside training.
#[derive(Debug, Clone, PartialEq)]
pub struct Adversary {
    /// The attack.
    pub inner: Inner,
    /// The largest norm of a perturbation, in pixels from 0 to 1.
    pub epsilon: f64,
    /// How it is measured.
    pub norm: Norm,
    /// Epochs over which the budget grows linearly from nothing to ε; may be a fraction. Large budgets from the first step
    /// leave some networks at the constant answer for good.
    pub warmup: f64,
    /// Share of every batch that is perturbed, in (0, 1]: its first samples.
    pub mix: f64,
    /// Whether batch norm uses running statistics (eval) or those of the attacked samples (train) while they are made.
    pub mode: Mode,
}

impl Adversary {
    /// An attack on whole batches in eval mode.
    pub fn new(attack: impl Into<String>, norm: Norm, epsilon: f64) -> Self {
        Adversary { inner: Inner::Named(attack.into()), epsilon, norm, warmup: 0.0, mix: 1.0, mode: Mode::Eval }
    }

    /// Samples of a batch of `n` that are perturbed: the share, rounded.
    pub fn attacked(&self, n: usize) -> usize {
        ((self.mix * n as f64).round() as usize).min(n)
    }

    /// The budget at a position in epochs.
    pub fn budget(&self, position: f64) -> f64 {
        if position < self.warmup { self.epsilon * (position / self.warmup) } else { self.epsilon }
    }

    /// Refuses what makes no sense.
    pub(in crate::train) fn check(&self) -> Result<(), TrainError> {
        let budget = self.epsilon >= 0.0 && self.epsilon.is_finite();
        require(budget, "ε of training", "a number of at least 0", self.epsilon)?;
        let warmup = self.warmup >= 0.0 && self.warmup.is_finite();
        require(warmup, "warm-up of ε", "a number of epochs of at least 0", self.warmup)?;
        let share = self.mix > 0.0 && self.mix <= 1.0;
        require(share, "adversarial share of a batch", "a number above 0, at most 1", self.mix)?;
        if let Inner::Fast { alpha } = self.inner {
            require(alpha > 0.0 && alpha.is_finite(), "step of FastAT", "a positive share of ε", alpha)?;
        }
        if let Inner::Divergence { steps, share } = self.inner {
            require(steps >= 1, "steps of TRADES", "at least 1", steps)?;
            require(share > 0.0 && share.is_finite(), "step of TRADES", "a positive share of ε", share)?;
        }
        Ok(())
    }

    /// The attack, made.
    ///
    /// # Errors
    /// Where no attack has the name, or the options are not its own.
    pub fn make(&self) -> Result<Box<dyn Attack>, ProblemError> {
        match &self.inner {
            Inner::Named(text) => {
                let (entry, options) = lookup::attack(text)?;
                Ok((entry.make)(&options)?)
            }
            Inner::Fast { alpha } => Ok(Box::new(FastStep { alpha: *alpha })),
            Inner::Divergence { steps, share } => Ok(Box::new(DivergenceAscent { steps: *steps, share: *share })),
        }
    }
}

impl fmt::Display for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Inner::Named(attack) => f.write_str(attack)?,
            Inner::Fast { alpha } => write!(f, "one step of {alpha} ε from a uniform start")?,
            Inner::Divergence { steps, share } => write!(f, "divergence ascent of {steps} steps of {share} ε")?,
        }
        write!(f, " at {} ε {} on {} of each batch in {} mode", self.norm, self.epsilon, self.mix, self.mode)?;
        // Said only where there is one, so that runs of earlier versions can be continued.
        if self.warmup > 0.0 { write!(f, ", ε growing over {} epochs", self.warmup) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_grows_in_a_straight_line_and_stays() {
        let adversary = Adversary { warmup: 2.0, ..Adversary::new("fgsm", Norm::Linf, 0.5) };
        assert_eq!([0.0, 0.5, 1.0, 2.0, 7.0].map(|t| adversary.budget(t)), [0.0, 0.125, 0.25, 0.5, 0.5]);
        assert_eq!(Adversary::new("fgsm", Norm::Linf, 0.5).budget(0.0), 0.5);
        assert!(adversary.to_string().ends_with("in eval mode, ε growing over 2 epochs"));
        assert!(Adversary { warmup: f64::NAN, ..adversary }.check().is_err());
    }
}
