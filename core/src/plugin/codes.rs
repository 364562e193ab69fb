//! Enumerations as numbers, both ways.

use super::guard::Foreign;
use super::raw;
use crate::attack::{AttackLoss, Goal, Norm};

pub(crate) fn loss_code(loss: AttackLoss) -> u32 {
    match loss {
        AttackLoss::CrossEntropy => raw::LOSS_CROSS_ENTROPY,
        AttackLoss::Margin => raw::LOSS_MARGIN,
        AttackLoss::DifferenceOfLogitsRatio => raw::LOSS_DIFFERENCE_OF_LOGITS_RATIO,
    }
}

#[cfg(feature = "load")]
pub(crate) fn loss_of(code: u32) -> Result<AttackLoss, Foreign> {
    match code {
        raw::LOSS_CROSS_ENTROPY => Ok(AttackLoss::CrossEntropy),
        raw::LOSS_MARGIN => Ok(AttackLoss::Margin),
        raw::LOSS_DIFFERENCE_OF_LOGITS_RATIO => Ok(AttackLoss::DifferenceOfLogitsRatio),
        other => Err(Foreign::failed(format!("loss: expected 0, 1 or 2, found {other}"))),
    }
}

#[cfg(feature = "load")]
pub(crate) fn norm_code(norm: Norm) -> u32 {
    match norm {
        Norm::Linf => raw::NORM_LINF,
        Norm::L2 => raw::NORM_L2,
        Norm::L1 => raw::NORM_L1,
    }
}

pub(crate) fn norm_of(code: u32) -> Result<Norm, Foreign> {
    match code {
        raw::NORM_LINF => Ok(Norm::Linf),
        raw::NORM_L2 => Ok(Norm::L2),
        raw::NORM_L1 => Ok(Norm::L1),
        other => Err(Foreign::failed(format!("norm: expected 0, 1 or 2, found {other}"))),
    }
}

#[cfg(feature = "load")]
pub(crate) fn goal_code(goal: Goal) -> u32 {
    match goal {
        Goal::Untargeted => raw::GOAL_UNTARGETED,
        Goal::Targeted => raw::GOAL_TARGETED,
    }
}

pub(crate) fn goal_of(code: u32) -> Result<Goal, Foreign> {
    match code {
        raw::GOAL_UNTARGETED => Ok(Goal::Untargeted),
        raw::GOAL_TARGETED => Ok(Goal::Targeted),
        other => Err(Foreign::failed(format!("goal: expected 0 or 1, found {other}"))),
    }
}
