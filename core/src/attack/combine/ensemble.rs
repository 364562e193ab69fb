//! Several attacks as one: the worst case for each sample.

use super::evaluate;
use crate::attack::{Attack, AttackError, AttackRequest, AttackStep, Budget, InputOracle};
use crate::eigen::Control;

/// Runs every attack and returns the best result for each sample. It looks for the smallest perturbation if all of its
/// members do; else members that do are held to the request's ε like the others.
pub struct Ensemble(Vec<Box<dyn Attack>>);

impl Ensemble {
    /// An ensemble of these; of none, it returns the clean samples.
    pub fn new(attacks: Vec<Box<dyn Attack>>) -> Self {
        Ensemble(attacks)
    }
}

impl Attack for Ensemble {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        request.check(oracle)?;
        let mut best = evaluate(oracle, request, request.samples.to_vec())?;
        let mut steps = 0;
        for attack in &self.0 {
            let before = steps;
            let proposed = attack.run(oracle, request, &mut |step| {
                steps = before + step.step;
                observe(AttackStep { step: steps, losses: step.losses })
            })?;
            best.improve(&evaluate(oracle, request, proposed)?, request.goal, self.budget());
        }
        Ok(best.samples)
    }

    fn budget(&self) -> Budget {
        let minimal = !self.0.is_empty() && self.0.iter().all(|a| a.budget() == Budget::Minimal);
        if minimal { Budget::Minimal } else { Budget::Fixed }
    }
}
