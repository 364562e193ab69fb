//! One step of the whole budget along the gradient.

use crate::uphill::{LOSS, loss_of};
use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Norm, Objective, geometry,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionSpec, Options};

/// The fast gradient method: x + ε·sign(g) for L∞ (FGSM), x + ε·g/‖g‖₂ for L2 (L2GRAD), and for L1 the entries with the
/// largest |g| as far as box and budget allow. Cost: one gradient. Exact on a linear classifier with L∞ and L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fgsm {
    /// What is raised.
    pub loss: Objective,
}

impl Attack for Fgsm {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let d = request.check(oracle)?.max(1);
        let mut x = request.samples.to_vec();
        let found = Aim::new(oracle, request, self.loss)?.uphill(&x)?;
        let rows = x.chunks_exact_mut(d).zip(request.samples.chunks_exact(d)).zip(found.gradient.chunks_exact(d));
        for ((x, clean), g) in rows {
            geometry::linear_maximizer(&request.threat, request.epsilon, clean, g, x);
        }
        match observe(AttackStep { step: 1, losses: &found.losses }) {
            Control::Continue => Ok(x),
            Control::Stop => Err(AttackError::Interrupted),
        }
    }
}

/// The paper's L2GRAD: [`Fgsm`] in L2, under the name that the paper's tables use. Knows no other norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L2Grad {
    /// What is raised.
    pub loss: Objective,
}

impl Attack for L2Grad {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        match request.threat.norm {
            Norm::L2 => Fgsm { loss: self.loss }.run(oracle, request, observe),
            norm => Err(AttackError::Norm { attack: "l2grad", norm, known: "l2" }),
        }
    }
}

const OPTIONS: &[OptionSpec] = &[LOSS];

fn make_l2grad(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("l2grad", OPTIONS)?;
    Ok(Box::new(L2Grad { loss: loss_of(options)? }))
}

hesse_core::submit! {
    AttackEntry {
        name: "l2grad",
        summary: "one step of length ε along the gradient: the paper's L2GRAD (l2)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make_l2grad,
    }
}

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("fgsm", OPTIONS)?;
    Ok(Box::new(Fgsm { loss: loss_of(options)? }))
}

hesse_core::submit! {
    AttackEntry {
        name: "fgsm",
        summary: "fast gradient (sign) method: one step; with l2 the paper's L2GRAD",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
