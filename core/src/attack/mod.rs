//! Attacks on inputs: the trait, what an attack may ask, and what it is asked for.
//!
//! After foolbox: an author writes one method that proposes perturbed inputs; whoever drives it owns the threat model,
//! the projection, the final re-evaluation and the random streams, so no attack can report a success that is none.
//! Samples cross this trait as row-major `f64` slices on the host, `N × D`: a copy costs nothing beside a gradient, the
//! arithmetic of attacks is element-wise, and a plugin in any language can read them. A tensor type of our own was
//! decided against.
//!
//! Source: Rauber et al., *Foolbox Native*, JOSS 5 (2020) 2607, for the division of labour.

pub mod combine;
pub mod diagnose;
pub mod driver;
mod entry;
mod error;
pub mod geometry;
pub mod losses;
pub mod network;
pub mod objective;
mod oracle;
mod picked;
mod threat;

pub use combine::{Cascade, Ensemble, Incumbents, Member, Restarts, Stage};
pub use driver::Driver;
pub use entry::{AttackEntry, MakeAttack};
pub use error::{AttackError, OracleError};
pub use network::{CompiledOracle, NetworkOracle};
pub use objective::{Aim, Objective};
pub use oracle::{AttackLoss, InputOracle, LossGradient};
pub use picked::Picked;
pub use threat::{Goal, Norm, ThreatModel};

use crate::eigen::Control;

/// The samples to attack and what is allowed.
#[derive(Debug, Clone, Copy)]
pub struct AttackRequest<'a> {
    /// Clean samples, `N × D` row-major, inside the box.
    pub samples: &'a [f64],
    /// One label per sample: the true class, or with [`Goal::Targeted`] the class to reach.
    pub labels: &'a [u32],
    /// What counts as success.
    pub goal: Goal,
    /// The norm and the box.
    pub threat: ThreatModel,
    /// The largest norm of a perturbation.
    pub epsilon: f64,
    /// Position of each sample in its data set: random choices depend on it and the seed alone, so that results do not
    /// depend on how samples are batched.
    pub indices: &'a [usize],
    /// Seed of every random choice.
    pub seed: u64,
}

impl AttackRequest<'_> {
    /// Refuses what no attack can serve, and returns D. For attacks to call first: their loops may then rely on lengths
    /// that fit.
    ///
    /// # Errors
    /// Where lengths do not fit, a label is no class, or ε is negative or not finite.
    pub fn check(&self, oracle: &dyn InputOracle) -> Result<usize, AttackError> {
        let refuse = |what, expected: String, found: String| Err(AttackError::Request { what, expected, found });
        let (n, dimension) = (self.labels.len(), oracle.shape().iter().product::<usize>());
        if self.samples.len() != n * dimension {
            return refuse("samples", format!("{n} × {dimension} entries"), self.samples.len().to_string());
        }
        if self.indices.len() != n {
            return refuse("indices", n.to_string(), self.indices.len().to_string());
        }
        if let Some(label) = self.labels.iter().find(|l| **l as usize >= oracle.classes()) {
            return refuse("labels", format!("classes below {}", oracle.classes()), label.to_string());
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return refuse("ε", "a finite number of at least 0".into(), self.epsilon.to_string());
        }
        Ok(dimension)
    }
}

/// What happens while an attack runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttackStep<'a> {
    /// Steps done, from one.
    pub step: usize,
    /// The loss that the attack raises, per sample, at its current point.
    pub losses: &'a [f64],
}

/// Whether an attack uses the whole budget or looks for the smallest perturbation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// One run for each ε.
    Fixed,
    /// One run serves every ε; the request's ε is an upper bound only.
    Minimal,
}

/// A way to fool a network.
pub trait Attack: Send + Sync {
    /// Proposes perturbed samples, `N × D`. The driver projects them to the ball and then to the box, and decides on
    /// the projected ones; where none was found the clean sample, or the best attempt, is a fine answer.
    ///
    /// # Errors
    /// Where the oracle fails or the request cannot be served, such as a norm the attack does not know.
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError>;

    /// Whether one run serves every ε.
    fn budget(&self) -> Budget {
        Budget::Fixed
    }

    /// The parts of an attack that runs them in order on what still stands, so that a driver can say what each added;
    /// none for all others. They do not cross to another library: an attack loaded from one is a single part.
    fn members(&self) -> &[Member] {
        &[]
    }
}
