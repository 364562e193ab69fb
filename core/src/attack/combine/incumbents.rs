//! The best attack on every sample so far, and further attempts on some of them.

use super::evaluate;
use crate::attack::driver::{Candidates, Scored};
use crate::attack::{AttackError, AttackRequest, Budget, InputOracle, Picked};

/// What is known of the samples of one request. Decides as the driver does: on projected samples, with what the network
/// says of them.
pub struct Incumbents<'a> {
    oracle: &'a dyn InputOracle,
    request: AttackRequest<'a>,
    budget: Budget,
    best: Candidates,
}

impl<'a> Incumbents<'a> {
    /// Begins with a proposal for all samples, `N × D`; the clean ones where nothing has been tried. Cost: one forward
    /// pass.
    ///
    /// # Errors
    /// Where lengths do not fit or the oracle fails.
    pub fn new(
        oracle: &'a dyn InputOracle,
        request: &AttackRequest<'a>,
        budget: Budget,
        proposed: Vec<f64>,
    ) -> Result<Self, AttackError> {
        let best = evaluate(oracle, request, proposed)?;
        Ok(Incumbents { oracle, request: *request, budget, best })
    }

    /// Positions of the samples on which the goal has not been reached.
    pub fn standing(&self) -> Vec<usize> {
        let scores = self.best.scores.iter().enumerate();
        scores.filter(|(_, s)| !s.success).map(|(i, _)| i).collect()
    }

    /// What is known of each sample.
    pub fn scores(&self) -> &[Scored] {
        &self.best.scores
    }

    /// Attacks the samples at these positions (others are ignored) with a seed, and takes over what is better; the number
    /// of samples on which the goal was not reached before and is now. Cost: that of the attack and one forward pass of
    /// its samples.
    ///
    /// # Errors
    /// Those of the attack, and where its result does not fit.
    pub fn attempt(
        &mut self,
        positions: &[usize],
        seed: u64,
        attack: impl FnOnce(&AttackRequest<'_>) -> Result<Vec<f64>, AttackError>,
    ) -> Result<usize, AttackError> {
        let n = self.request.labels.len();
        let positions: Vec<usize> = positions.iter().copied().filter(|i| *i < n).collect();
        if positions.is_empty() {
            return Ok(0);
        }
        let d = self.request.samples.len() / n.max(1);
        let picked = Picked::new(&self.request, &positions);
        let part = AttackRequest { seed, ..picked.request() };
        let found = evaluate(self.oracle, &part, attack(&part)?)?;
        let scores: Vec<Scored> = positions.iter().map(|&i| self.best.scores[i]).collect();
        let before = scores.iter().filter(|s| s.success).count();
        let row = |i: &usize| self.best.samples.get(i * d..(i + 1) * d).unwrap_or_default();
        let samples = positions.iter().flat_map(row).copied().collect();
        let mut known = Candidates { samples, scores, replaced: 0 };
        known.improve(&found, self.request.goal, self.budget);
        for ((&i, row), score) in positions.iter().zip(known.samples.chunks_exact(d.max(1))).zip(&known.scores) {
            self.best.samples[i * d..(i + 1) * d].copy_from_slice(row);
            self.best.scores[i] = *score;
        }
        Ok(known.scores.iter().filter(|s| s.success).count() - before)
    }

    /// The best samples, `N × D`, inside ball and box.
    pub fn into_samples(self) -> Vec<f64> {
        self.best.samples
    }
}
