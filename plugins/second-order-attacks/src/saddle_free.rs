//! One step along |H|⁻¹g: Newton's, with negative curvature counted as positive.

use crate::krylov::{KRYLOV, Search};
use crate::local::{Local, locals};
use crate::objective::sign;
use crate::one_step::{one_step, require};
use crate::part::row_mut;
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Norm};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{QuadraticModel, flat_outputs};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// The saddle-free step. It always rises at first; on a piecewise-linear network it is Newton's. On a smooth one |H|⁻¹ is
/// that of the Krylov space, in which eigenvalues below `floor` times the largest count as that large: |H|⁻¹ has no
/// meaning along directions whose curvature is rounding. Cost: one gradient, one product with the Hessian, and C with the
/// transposed Jacobian or those of the Krylov space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SaddleFree {
    /// The smallest modulus of an eigenvalue, as a share of the largest.
    pub floor: f64,
    /// Share of the largest modulus that is added to all.
    pub damping: f64,
    /// The Krylov space on smooth networks.
    pub search: Search,
}

impl SaddleFree {
    fn direction(&self, model: &QuadraticModel) -> Vec<f64> {
        let most = Norm::Linf.of(&model.values);
        let divide = |(value, slope): (&f64, &f64)| {
            let below = value.abs().max(self.floor * most) + self.damping * most;
            if below > 0.0 { slope / below } else { 0.0 }
        };
        let coefficients: Vec<f64> = model.values.iter().zip(&model.slopes).map(divide).collect();
        model.combine(&coefficients)
    }
}

impl Attack for SaddleFree {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        require(request.threat.norm, "saddle-free", &[Norm::Linf, Norm::L2], "linf, l2")?;
        let d: usize = oracle.shape().iter().product();
        one_step(oracle, request, observe, &mut |found| {
            let flat = flat_outputs(oracle, request.samples, request.labels)?;
            let all = locals(oracle, request, request.samples, &found.gradient, &flat, self.search)?;
            let mut directions = vec![0.0; request.samples.len()];
            for (i, local) in all.iter().enumerate() {
                let v = match local {
                    Local::Form(form) => form.damped_newton_direction(self.damping),
                    Local::Krylov(model) => self.direction(model),
                    Local::Unknown => continue,
                };
                row_mut(&mut directions, i, d).iter_mut().zip(v).for_each(|(to, v)| *to = sign(request) * v);
            }
            Ok(directions)
        })
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "floor",
        kind: OptionKind::Real,
        default: "0.01",
        help: "smooth networks: the smallest modulus of an eigenvalue as a share of the largest",
    },
    OptionSpec {
        name: "damping",
        kind: OptionKind::Real,
        default: "0",
        help: "share of the largest eigenvalue added to all",
    },
    KRYLOV[0],
    KRYLOV[1],
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("saddle-free", OPTIONS)?;
    Ok(Box::new(SaddleFree {
        floor: options.number("floor", 0.0)?.unwrap_or(0.01),
        damping: options.number("damping", 0.0)?.unwrap_or(0.0),
        search: Search::read(options)?,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "saddle-free",
        summary: "one step along |H|⁻¹g: Newton's with the modulus of every curvature (linf, l2)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
