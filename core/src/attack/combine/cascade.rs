//! Attacks one after the other, each on what the earlier ones left standing: how AutoAttack composes its parts.
//!
//! Against an [`Ensemble`](super::Ensemble) it saves most of the work on a network that falls easily, and says of every
//! member only what it added; the worst case per sample is the same.

use super::Incumbents;
use crate::attack::{Attack, AttackError, AttackRequest, AttackStep, Budget, InputOracle};
use crate::eigen::Control;

/// A part of a composed attack.
pub struct Member {
    /// What reports call it.
    pub name: &'static str,
    /// The attack.
    pub attack: Box<dyn Attack>,
}

/// What a member added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The member.
    pub name: &'static str,
    /// Samples that stood before it.
    pub attacked: usize,
    /// Of them, those it fooled.
    pub fooled: usize,
}

/// Runs its members in order, each only on the samples that still stand.
pub struct Cascade(Vec<Member>);

impl Cascade {
    /// A cascade of these; of none, it returns the clean samples.
    pub fn new(members: Vec<Member>) -> Self {
        Cascade(members)
    }
}

impl Attack for Cascade {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        Ok(cascade(&self.0, oracle, request, observe)?.0)
    }

    fn budget(&self) -> Budget {
        Budget::Fixed
    }

    fn members(&self) -> &[Member] {
        &self.0
    }
}

/// Runs members as a [`Cascade`] does, and says what each added. A member without samples left is not run and not named.
///
/// # Errors
/// Those of the members.
pub fn cascade(
    members: &[Member],
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
) -> Result<(Vec<f64>, Vec<Stage>), AttackError> {
    request.check(oracle)?;
    let mut best = Incumbents::new(oracle, request, Budget::Fixed, request.samples.to_vec())?;
    let mut stages = Vec::with_capacity(members.len());
    let mut steps = 0;
    for Member { name, attack } in members {
        let positions = best.standing();
        if positions.is_empty() {
            break;
        }
        let before = steps;
        let fooled = best.attempt(&positions, request.seed, |part| {
            attack.run(oracle, part, &mut |step| {
                steps = before + step.step;
                observe(AttackStep { step: steps, losses: step.losses })
            })
        })?;
        stages.push(Stage { name, attacked: positions.len(), fooled });
    }
    Ok((best.into_samples(), stages))
}
