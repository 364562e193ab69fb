//! Adding up the outcomes of batch after batch.

use super::Flags;
use super::rounds::Round;
use hesse_core::attack::driver::{AttackOutcome, Queries, SampleOutcome, Trace, Verdict, worst_case};
use hesse_core::attack::{AttackError, Stage};

/// One attack at one ε over all samples so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// The budget.
    pub epsilon: f64,
    /// Every sample, in file order.
    pub samples: Vec<SampleOutcome>,
    /// Entries that were NaN or infinite in what the attack returned.
    pub replaced: usize,
    /// Mean loss per step.
    pub trace: Trace,
    /// Samples on which a success was asked about and none returned: at least so many.
    pub silent: usize,
    /// What each member of a composed attack added.
    pub stages: Vec<Stage>,
    /// The target of what is returned for each sample; empty where the attack was untargeted.
    pub targets: Vec<u32>,
    /// Pairs of sample and target that were reached, and all there were.
    pub pairs: (usize, usize),
    /// `N × D` attacked samples, where they are kept.
    pub adversarial: Vec<f32>,
}

impl Tally {
    /// How many samples have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.samples.iter().filter(|s| s.verdict == verdict).count()
    }

    /// Norms of the perturbations that fooled the network, rising.
    pub fn norms(&self) -> Vec<f64> {
        let fooled = self.samples.iter().filter(|s| s.verdict == Verdict::Fooled);
        let mut norms: Vec<f64> = fooled.map(|s| s.score.norm).collect();
        norms.sort_by(f64::total_cmp);
        norms
    }
}

/// What was found so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// For each attack, in the order asked for: one tally for each ε, rising.
    pub attacks: Vec<Vec<Tally>>,
    /// For each attack.
    pub queries: Vec<Queries>,
    /// Seconds of each attack.
    pub seconds: Vec<f64>,
    /// For each ε, for each sample: its verdict under all attacks, and the position of the first attack that fooled it.
    pub worst: Vec<Vec<(Verdict, Option<usize>)>>,
    /// Samples whose cross-entropy has a gradient of exactly zero, though they were classified correctly.
    pub zero_gradients: usize,
    /// What the first batch tells.
    pub flags: Flags,
    /// Whether it was stopped before the last sample.
    pub interrupted: bool,
    /// Seconds in all.
    pub total_seconds: f64,
}

impl Evaluation {
    /// Samples done.
    pub fn samples(&self) -> usize {
        self.worst.first().map_or(0, Vec::len)
    }

    /// Of them, those classified correctly as they are.
    pub fn clean_correct(&self) -> usize {
        self.worst.first().map_or(0, |w| w.iter().filter(|(v, _)| *v != Verdict::Misclassified).count())
    }

    /// Adds a batch: what came of each attack and its seconds, all of the same samples.
    ///
    /// # Errors
    /// Where they are not.
    pub(super) fn add(&mut self, batch: Vec<(Round, f64)>, keep: bool) -> Result<(), AttackError> {
        let mut outcomes: Vec<AttackOutcome> = Vec::with_capacity(batch.len());
        let mut rest = Vec::with_capacity(batch.len());
        for (round, seconds) in batch {
            outcomes.push(round.outcome);
            rest.push((round.targets, round.pairs, seconds));
        }
        let worst = worst_case(&outcomes)?;
        self.worst.resize(self.worst.len().max(worst.len()), Vec::new());
        for (all, new) in self.worst.iter_mut().zip(worst) {
            all.extend(new.verdicts.into_iter().zip(new.by));
        }
        self.zero_gradients += outcomes.first().map_or(0, |o| o.zero_gradients);
        self.attacks.resize(outcomes.len(), Vec::new());
        self.queries.resize(outcomes.len(), Queries::default());
        self.seconds.resize(outcomes.len(), 0.0);
        let totals = self.queries.iter_mut().zip(&mut self.seconds);
        let new = outcomes.into_iter().zip(rest);
        for ((tallies, (outcome, (targets, pairs, seconds))), (queries, total)) in
            self.attacks.iter_mut().zip(new).zip(totals)
        {
            *queries += outcome.queries;
            *total += seconds;
            tallies.resize(outcome.epsilons.len(), Tally::default());
            for (e, (tally, new)) in tallies.iter_mut().zip(outcome.epsilons).enumerate() {
                tally.epsilon = new.epsilon;
                tally.samples.extend(new.samples);
                tally.replaced += new.replaced;
                tally.trace.merge(&new.trace);
                tally.silent += new.silent;
                for stage in new.stages {
                    match tally.stages.iter_mut().find(|s| s.name == stage.name) {
                        Some(s) => (s.attacked, s.fooled) = (s.attacked + stage.attacked, s.fooled + stage.fooled),
                        None => tally.stages.push(stage),
                    }
                }
                tally.targets.extend(targets.get(e).into_iter().flatten());
                let (reached, of) = pairs.get(e).copied().unwrap_or_default();
                tally.pairs = (tally.pairs.0 + reached, tally.pairs.1 + of);
                if keep {
                    tally.adversarial.extend(new.adversarial.iter().map(|v| *v as f32));
                }
            }
        }
        Ok(())
    }
}
