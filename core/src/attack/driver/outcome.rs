//! What a driven attack found.

use super::{Queries, Scored, Trace};
use crate::attack::Stage;

/// What became of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The goal was reached without an attack: the clean sample is misclassified (or already has the target's class).
    Misclassified,
    /// The attack reached the goal within the budget.
    Fooled,
    /// It did not.
    Robust,
}

/// One sample at one ε.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleOutcome {
    /// Position in the data set.
    pub index: usize,
    /// The label of the request.
    pub label: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// What the network says of the returned sample.
    pub score: Scored,
    /// Whether the success was found at a smaller ε and not again at this one.
    pub carried: bool,
}

/// All samples at one ε.
#[derive(Debug, Clone, PartialEq)]
pub struct EpsilonOutcome {
    /// The budget.
    pub epsilon: f64,
    /// In the order of the request.
    pub samples: Vec<SampleOutcome>,
    /// `N × D`: the best attack on each sample, inside ball and box; the clean sample where it was not attacked.
    pub adversarial: Vec<f64>,
    /// Entries that were NaN or infinite in what the attack returned.
    pub replaced: usize,
    /// Mean loss per step; empty where the attack was not run at this ε.
    pub trace: Trace,
    /// Samples on which the attack asked about a success but returned none: at least so many. Zero where it was not run
    /// at this ε.
    pub silent: usize,
    /// What each member of a composed attack added; empty for all others.
    pub stages: Vec<Stage>,
}

impl EpsilonOutcome {
    /// How many samples have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.samples.iter().filter(|s| s.verdict == verdict).count()
    }

    /// Samples whose success was found at a smaller ε only.
    pub fn carried(&self) -> usize {
        self.samples.iter().filter(|s| s.carried).count()
    }

    /// Attacked samples on which two classes tie exactly: another device may decide them the other way.
    pub fn ties(&self) -> usize {
        self.samples.iter().filter(|s| s.verdict != Verdict::Misclassified && s.score.margin == 0.0).count()
    }
}

/// One attack at every ε.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackOutcome {
    /// In rising order of ε.
    pub epsilons: Vec<EpsilonOutcome>,
    /// Queries of the attack, and of the driver to decide.
    pub queries: Queries,
    /// Samples that were attacked.
    pub attacked: usize,
    /// Attacked samples whose cross-entropy has a gradient of exactly zero at the clean sample: a sign that gradients
    /// are masked.
    pub zero_gradients: usize,
}
