//! The same attack from several random starts, the best for each sample.

use super::Incumbents;
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
        request.check(oracle)?;
        let mut steps = 0;
        let first = self.attack.run(oracle, request, &mut |step| {
            steps = step.step;
            observe(step)
        })?;
        if self.count == 1 {
            return Ok(first);
        }
        let mut best = Incumbents::new(oracle, request, self.budget(), first)?;
        for restart in 1..self.count {
            let positions = match self.budget() {
                Budget::Minimal => (0..request.labels.len()).collect(),
                Budget::Fixed => best.standing(),
            };
            if positions.is_empty() {
                break;
            }
            let before = steps;
            best.attempt(&positions, seed_of(request.seed, restart), |part| {
                self.attack.run(oracle, part, &mut |step| {
                    steps = before + step.step;
                    observe(AttackStep { step: steps, losses: step.losses })
                })
            })?;
        }
        Ok(best.into_samples())
    }

    fn budget(&self) -> Budget {
        self.attack.budget()
    }
}
