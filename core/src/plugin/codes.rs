//! Enumerations as numbers, and bookkeeping as a plain struct, both ways.

use super::guard::Foreign;
use super::raw::{self, RawStatistics};
use crate::attack::{AttackLoss, Goal, Norm};
use crate::eigen::{Abilities, EigenStatistics, StopReason};

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

pub(crate) fn reason_code(reason: StopReason) -> u32 {
    match reason {
        StopReason::Converged => raw::REASON_CONVERGED,
        StopReason::ProductLimit => raw::REASON_PRODUCT_LIMIT,
        StopReason::SpaceExhausted => raw::REASON_SPACE_EXHAUSTED,
        StopReason::Stagnated | StopReason::Refuted => raw::REASON_STAGNATED,
        StopReason::Interrupted => raw::REASON_INTERRUPTED,
    }
}

#[cfg(feature = "load")]
pub(crate) fn reason_of(code: u32) -> StopReason {
    match code {
        raw::REASON_CONVERGED => StopReason::Converged,
        raw::REASON_PRODUCT_LIMIT => StopReason::ProductLimit,
        raw::REASON_SPACE_EXHAUSTED => StopReason::SpaceExhausted,
        raw::REASON_INTERRUPTED => StopReason::Interrupted,
        _ => StopReason::Stagnated,
    }
}

pub(crate) fn abilities_code(abilities: Abilities) -> u32 {
    let bit = |has: bool, code: u32| if has { code } else { 0 };
    bit(abilities.warm_start, raw::ABILITY_WARM_START) | bit(abilities.resume, raw::ABILITY_RESUME)
}

#[cfg(feature = "load")]
pub(crate) fn abilities_of(code: u32) -> Abilities {
    // Bits of later versions are abilities that this one cannot use.
    Abilities { warm_start: code & raw::ABILITY_WARM_START != 0, resume: code & raw::ABILITY_RESUME != 0 }
}

pub(crate) fn raw_statistics(s: &EigenStatistics) -> RawStatistics {
    RawStatistics {
        size: size_of::<RawStatistics>(),
        products: s.products,
        restarts: s.restarts,
        inner_products: s.inner_products,
        orthogonalizations: s.orthogonalizations,
        breakdowns: s.breakdowns,
        locked: s.locked,
        basis_size: s.basis_size,
        norm_estimate: s.norm_estimate,
        largest_ritz: s.largest_ritz,
        smallest_ritz: s.smallest_ritz,
        product_seconds: s.product_seconds,
        orthogonalization_seconds: s.orthogonalization_seconds,
        seconds: s.seconds,
    }
}

#[cfg(feature = "load")]
pub(crate) fn statistics_of(s: &RawStatistics) -> EigenStatistics {
    EigenStatistics {
        products: s.products,
        restarts: s.restarts,
        inner_products: s.inner_products,
        orthogonalizations: s.orthogonalizations,
        breakdowns: s.breakdowns,
        locked: s.locked,
        basis_size: s.basis_size,
        norm_estimate: s.norm_estimate,
        largest_ritz: s.largest_ritz,
        smallest_ritz: s.smallest_ritz,
        product_seconds: s.product_seconds,
        orthogonalization_seconds: s.orthogonalization_seconds,
        seconds: s.seconds,
    }
}
