//! Several steps from the clean sample: the paper's FGSM-10.

use crate::climb::{Climb, Return, SHARE, Start};
use crate::uphill::{LOSS, loss_of};
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Objective};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// How the budget is divided into steps. Two versions by the paper's authors exist.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepRule {
    /// ε divided by the number of steps (2018, the time of the paper).
    Split,
    /// The whole ε in every step (2019).
    Full,
    /// This length.
    Length(f64),
}

/// The iterated fast gradient method (BIM; FGSM-10 with ten steps). Steps stay in ball and box, which the authors' code
/// left to the reader; the last iterate is returned, as there. Cost: `steps` gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ifgsm {
    /// What is raised.
    pub loss: Objective,
    /// Number of steps.
    pub steps: usize,
    /// Their length.
    pub rule: StepRule,
}

impl Attack for Ifgsm {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let step = match self.rule {
            StepRule::Split => request.epsilon / self.steps.max(1) as f64,
            StepRule::Full => request.epsilon,
            StepRule::Length(length) => length,
        };
        let (loss, steps) = (self.loss, self.steps);
        Climb { loss, steps, step, start: Start::Clean, momentum: 0.0, share: SHARE, returned: Return::Last }
            .run(oracle, request, observe)
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "10", help: "number of steps" },
    OptionSpec {
        name: "rule",
        kind: OptionKind::Choice(&["split", "full"]),
        default: "split",
        help: "length of a step: split (ε/steps) or full (ε)",
    },
    OptionSpec {
        name: "step",
        kind: OptionKind::Real,
        default: "by rule",
        help: "length of a step, in place of the rule; 2/255 is understood",
    },
    LOSS,
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("ifgsm", OPTIONS)?;
    let rule = match (options.number("step", 0.0)?, options.choice("rule", "split", &["split", "full"])?) {
        (Some(length), _) => StepRule::Length(length),
        (None, "full") => StepRule::Full,
        (None, _) => StepRule::Split,
    };
    Ok(Box::new(Ifgsm { loss: loss_of(options)?, steps: options.count("steps", 10, 1)?, rule }))
}

hesse_core::submit! {
    AttackEntry {
        name: "ifgsm",
        summary: "iterated fast gradient method from the clean sample: the paper's FGSM-10",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
