//! The same attack from several random starts, the best for each sample.

use super::evaluate;
use crate::attack::{Attack, AttackError, AttackRequest, AttackStep, Budget, InputOracle};
use crate::eigen::Control;
use crate::random::{Purpose, Stream};

/// Runs an attack several times with different seeds. The first run has the request's own seed, so one restart is the
/// attack itself, and k restarts begin with the k − 1. Samples that are fooled already are left out of further runs,
/// unless the attack looks for the smallest perturbation.
pub struct Restarts {
    attack: Box<dyn Attack>,
    count: usize,
}

impl Restarts {
    /// `count` runs of an attack; at least one.
    pub fn new(attack: Box<dyn Attack>, count: usize) -> Self {
        Restarts { attack, count: count.max(1) }
    }
}

/// The seed of a restart.
fn seed_of(seed: u64, restart: usize) -> u64 {
    if restart == 0 { seed } else { Stream::new(seed, Purpose::Restart, restart as u64).bits() }
}

impl Attack for Restarts {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let dimension = request.check(oracle)?;
        let mut steps = 0;
        let first = self.attack.run(oracle, request, &mut |step| {
            steps = step.step;
            observe(step)
        })?;
        if self.count == 1 {
            return Ok(first);
        }
        let mut best = evaluate(oracle, request, first)?;
        for restart in 1..self.count {
            let again = |i: &usize| self.budget() == Budget::Minimal || !best.scores[*i].success;
            let positions: Vec<usize> = (0..request.labels.len()).filter(again).collect();
            if positions.is_empty() {
                break;
            }
            let row = |i: &usize| request.samples.get(i * dimension..(i + 1) * dimension).unwrap_or_default();
            let samples: Vec<f64> = positions.iter().flat_map(row).copied().collect();
            let labels: Vec<u32> = positions.iter().map(|&i| request.labels[i]).collect();
            let indices: Vec<usize> = positions.iter().map(|&i| request.indices[i]).collect();
            let part = AttackRequest {
                samples: &samples,
                labels: &labels,
                indices: &indices,
                seed: seed_of(request.seed, restart),
                ..*request
            };
            let before = steps;
            let proposed = self.attack.run(oracle, &part, &mut |step| {
                steps = before + step.step;
                observe(AttackStep { step: steps, losses: step.losses })
            })?;
            let found = evaluate(oracle, &part, proposed)?;
            let mut known = crate::attack::driver::Candidates {
                samples: positions
                    .iter()
                    .flat_map(|i| best.samples[i * dimension..(i + 1) * dimension].to_vec())
                    .collect(),
                scores: positions.iter().map(|&i| best.scores[i]).collect(),
                replaced: 0,
            };
            known.improve(&found, request.goal, self.budget());
            for (k, &i) in positions.iter().enumerate() {
                best.samples[i * dimension..(i + 1) * dimension]
                    .copy_from_slice(&known.samples[k * dimension..(k + 1) * dimension]);
                best.scores[i] = known.scores[k];
            }
        }
        Ok(best.samples)
    }

    fn budget(&self) -> Budget {
        self.attack.budget()
    }
}
