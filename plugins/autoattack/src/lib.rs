//! AutoAttack in its published composition: APGD on the cross-entropy, APGD-T on the targeted difference-of-logits ratio,
//! FAB-T, and Square; each attacks only what the ones before left standing. Nothing is to be chosen but ε.
//!
//! As published, nine targets and one restart; with L1 five restarts of APGD, five targets of APGD-T, and both climb in
//! larger balls first. With fewer than four classes there is no targeted ratio, and APGD on the plain ratio (three
//! classes) or on the margin takes the place of APGD-T; FAB-T has as many targets as there are other classes.
//!
//! Source: Croce and Hein, *Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
//! attacks*, ICML 2020; *Mind the box*, ICML 2021 (L1).
#![forbid(unsafe_code)]

use hesse_core::attack::{
    Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, Cascade, InputOracle, Member, Norm,
    Restarts,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_gradient_attacks::{Apgd, ApgdTargeted};
use hesse_minimal_attacks::Fab;
use hesse_score_attacks::Square;

/// The four parts as one attack. The published sizes are 100 steps of APGD, APGD-T and FAB-T, 9 targets and 5000 queries of
/// Square; smaller ones are no AutoAttack, but quick.
pub fn autoattack(steps: usize, targets: usize, queries: usize) -> Cascade {
    Cascade::new(vec![
        Member { name: "apgd-ce", attack: Box::new(First { steps }) },
        Member { name: "apgd-t", attack: Box::new(Second { steps, targets }) },
        Member { name: "fab-t", attack: Box::new(Fab { steps, restarts: 1, targets, within: true }) },
        Member { name: "square", attack: Box::new(Square { queries, share: 0.8 }) },
    ])
}

/// APGD on the cross-entropy.
struct First {
    steps: usize,
}

impl Attack for First {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let sparse = request.threat.norm == Norm::L1;
        let loss = AttackLoss::CrossEntropy.into();
        let attack = Apgd { loss, steps: self.steps, random_start: true, shrink: sparse };
        Restarts::new(Box::new(attack), if sparse { 5 } else { 1 }).run(oracle, request, observe)
    }
}

/// APGD on the targeted ratio, or what there is for fewer than four classes.
struct Second {
    steps: usize,
    targets: usize,
}

impl Attack for Second {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let (steps, shrink) = (self.steps, request.threat.norm == Norm::L1);
        let plain = |loss: AttackLoss| Apgd { loss: loss.into(), steps, random_start: true, shrink };
        match oracle.classes() {
            0..=2 => plain(AttackLoss::Margin).run(oracle, request, observe),
            3 => plain(AttackLoss::DifferenceOfLogitsRatio).run(oracle, request, observe),
            _ => {
                let targets = if shrink { self.targets.min(5) } else { self.targets };
                ApgdTargeted { targets, steps, random_start: true, shrink }.run(oracle, request, observe)
            }
        }
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "100", help: "steps of apgd, apgd-t and fab-t" },
    OptionSpec { name: "targets", kind: OptionKind::Integer(1), default: "9", help: "targets of apgd-t and fab-t" },
    OptionSpec { name: "queries", kind: OptionKind::Integer(1), default: "5000", help: "queries of square" },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("autoattack", OPTIONS)?;
    let (steps, targets) = (options.count("steps", 100, 1)?, options.count("targets", 9, 1)?);
    Ok(Box::new(autoattack(steps, targets, options.count("queries", 5000, 1)?)))
}

hesse_core::submit! {
    AttackEntry {
        name: "autoattack",
        summary: "apgd, apgd-t, fab-t and square in turn on what still stands: nothing to choose but ε",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
