//! Projected gradient ascent from a random start.

use crate::climb::{Climb, Return, SHARE, Start};
use crate::restarts::{RANDOM_START, RESTARTS, repeated, starts_of};
use crate::uphill::{LOSS, loss_of};
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, InputOracle};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// Length of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepSize {
    /// In the units of the threat model's norm.
    Absolute(f64),
    /// As a share of ε.
    Relative(f64),
}

/// The attack of Madry et al. Cost: `steps` gradients and one forward pass for each restart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pgd {
    /// What is raised.
    pub loss: AttackLoss,
    /// Number of steps.
    pub steps: usize,
    /// Their length.
    pub step: StepSize,
    /// Where it begins.
    pub start: Start,
    /// Share of the last direction that is taken again (MI-FGSM); zero for none.
    pub momentum: f64,
    /// Share of the entries that an L1 step moves.
    pub share: f64,
    /// Which iterate is returned.
    pub returned: Return,
}

impl Attack for Pgd {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let step = match self.step {
            StepSize::Absolute(step) => step,
            StepSize::Relative(share) => share * request.epsilon,
        };
        let Pgd { loss, steps, start, momentum, share, returned, .. } = *self;
        Climb { loss, steps, step, start, momentum, share, returned }.run(oracle, request, observe)
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "40", help: "number of steps" },
    OptionSpec {
        name: "step",
        kind: OptionKind::Real,
        default: "by rel_step",
        help: "length of a step, in the norm's units; 2/255 is understood",
    },
    OptionSpec {
        name: "rel_step",
        kind: OptionKind::Real,
        default: "2.5/steps",
        help: "length of a step as a share of ε, unless step is given",
    },
    RESTARTS,
    RANDOM_START,
    OptionSpec {
        name: "momentum",
        kind: OptionKind::Real,
        default: "0",
        help: "share of the last direction that is taken again (MI-FGSM: 1)",
    },
    OptionSpec {
        name: "share",
        kind: OptionKind::Real,
        default: "0.05",
        help: "share of the entries that an l1 step moves, at least one",
    },
    OptionSpec {
        name: "return",
        kind: OptionKind::Choice(&["best", "last"]),
        default: "best",
        help: "which iterate: best (success, then loss) or last",
    },
    LOSS,
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("pgd", OPTIONS)?;
    let steps = options.count("steps", 40, 1)?;
    let step = match (options.number("step", 0.0)?, options.number("rel_step", 0.0)?) {
        (Some(step), _) => StepSize::Absolute(step),
        (None, share) => StepSize::Relative(share.unwrap_or(2.5 / steps as f64)),
    };
    let (restarts, random_start) = starts_of(options)?;
    let start = if random_start { Start::Random } else { Start::Clean };
    let returned =
        if options.choice("return", "best", &["best", "last"])? == "last" { Return::Last } else { Return::Best };
    let momentum = options.number("momentum", 0.0)?.unwrap_or(0.0);
    let share = options.number("share", 0.0)?.unwrap_or(SHARE);
    let attack = Pgd { loss: loss_of(options)?, steps, step, start, momentum, share, returned };
    Ok(repeated(attack, restarts))
}

hesse_core::submit! {
    AttackEntry {
        name: "pgd",
        summary: "projected gradient ascent from a random start, with momentum and restarts",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
