//! APGD-T: Auto-PGD on the targeted difference-of-logits ratio, towards one other class after the other.
//!
//! The goal stays any other class. Targets are the classes with the largest logits at the clean sample, best first; a
//! sample that is fooled is not attacked towards further ones. Towards a target of the request there is one climb.

use super::{Apgd, SHRINK};
use crate::restarts::{RANDOM_START, RESTARTS, repeated, starts_of};
use hesse_core::attack::objective::ranked_rivals;
use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, Budget, Goal, Incumbents, InputOracle,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// APGD-T. Cost: `steps` + 1 gradients for every target and sample that still stands; where the oracle keeps no logits, as
/// many forward passes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApgdTargeted {
    /// The most targets; there are never more than classes beside the label.
    pub targets: usize,
    /// Steps towards each.
    pub steps: usize,
    /// As [`Apgd::random_start`].
    pub random_start: bool,
    /// As [`Apgd::shrink`].
    pub shrink: bool,
}

impl Attack for ApgdTargeted {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        request.check(oracle)?;
        let loss = AttackLoss::DifferenceOfLogitsRatio.into();
        let climb = Apgd { loss, steps: self.steps, random_start: self.random_start, shrink: self.shrink };
        if request.goal == Goal::Targeted {
            return climb.climb(&Aim::towards(oracle, request, request.labels.to_vec())?, request, observe);
        }
        let ranks = ranked_rivals(oracle, request)?;
        let mut best = Incumbents::new(oracle, request, Budget::Fixed, request.samples.to_vec())?;
        let mut done = 0;
        for rank in 0..self.targets {
            let positions: Vec<usize> =
                best.standing().into_iter().filter(|i| ranks.get(*i).is_some_and(|r| rank < r.len())).collect();
            let targets: Vec<u32> = positions.iter().map(|&i| ranks[i][rank]).collect();
            let before = done;
            best.attempt(&positions, request.seed, |part| {
                climb.climb(&Aim::towards(oracle, part, targets)?, part, &mut |step| {
                    done = before + step.step;
                    observe(AttackStep { step: done, losses: step.losses })
                })
            })?;
        }
        Ok(best.into_samples())
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "targets", kind: OptionKind::Integer(1), default: "9", help: "the most classes aimed at" },
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "100", help: "steps towards each" },
    RESTARTS,
    RANDOM_START,
    SHRINK,
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("apgd-t", OPTIONS)?;
    let (restarts, random_start) = starts_of(options)?;
    let attack = ApgdTargeted {
        targets: options.count("targets", 9, 1)?,
        steps: options.count("steps", 100, 1)?,
        random_start,
        shrink: options.flag("shrink", false)?,
    };
    Ok(repeated(attack, restarts))
}

hesse_core::submit! {
    AttackEntry {
        name: "apgd-t",
        summary: "Auto-PGD on the targeted difference-of-logits ratio, towards the best other classes (4 classes or more)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
