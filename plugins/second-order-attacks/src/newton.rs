//! FHSM and L2HESS: one step along H⁻¹g, its sign or its unit vector.

use crate::conjugate::{Conjugate, Indefinite, conjugate_gradients};
use crate::objective::{product, sign};
use crate::one_step::{one_step, require};
use crate::part::{Part, row_mut, rows};
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Norm};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{dot, flat_outputs, logit_forms};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// How H⁻¹g is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// The closed form where the network is piecewise linear, conjugate gradients where it is not.
    Closed,
    /// Conjugate gradients everywhere, as in the paper.
    ConjugateGradients,
}

/// Which of the two ways along H⁻¹g is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// +H⁻¹g, as published. On an indefinite Hessian it may lower the loss.
    Published,
    /// The one along which the loss rises at first.
    Ascent,
}

/// The Newton step of Yao et al. 2018, H⁻¹ being the pseudo-inverse on a singular Hessian. Cost: one gradient; with the
/// closed form C products with the transposed Jacobian and one with the Hessian, else up to `iterations` with the
/// Hessian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// `fhsm` or `l2hess`.
    pub name: &'static str,
    /// The norm that it is made for.
    pub norm: Norm,
    /// How H⁻¹g is found.
    pub solver: Solver,
    /// Of conjugate gradients: bound on the relative residual.
    pub tolerance: f64,
    /// Of conjugate gradients: the most iterations; none for C − 1.
    pub iterations: Option<usize>,
    /// Share of λ₁ (with conjugate gradients, of the curvature along g) that is added to all eigenvalues.
    pub damping: f64,
    /// Of conjugate gradients: what happens at negative curvature.
    pub indefinite: Indefinite,
    /// Which way is taken.
    pub orientation: Orientation,
}

impl Attack for Newton {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let known = if self.norm == Norm::L2 { "l2" } else { "linf" };
        require(request.threat.norm, self.name, &[self.norm], known)?;
        let d: usize = oracle.shape().iter().product();
        one_step(oracle, request, observe, &mut |found| {
            let flat = match self.solver {
                Solver::Closed => flat_outputs(oracle, request.samples, request.labels)?,
                Solver::ConjugateGradients => vec![false; request.labels.len()],
            };
            let is_flat = |i: usize| flat.get(i).copied().unwrap_or(false);
            let mut directions = vec![0.0; request.samples.len()];
            let straight = Part::of(request, request.samples, d, is_flat);
            if !straight.is_empty() {
                let forms = logit_forms(oracle, &straight.samples, &straight.labels)?;
                for (&i, form) in straight.positions.iter().zip(&forms) {
                    if let Some(form) = form {
                        row_mut(&mut directions, i, d).copy_from_slice(&form.damped_newton_direction(self.damping));
                    }
                }
            }
            let curved = Part::of(request, request.samples, d, |i| !is_flat(i));
            if !curved.is_empty() {
                let options = Conjugate {
                    tolerance: self.tolerance,
                    iterations: self.iterations.unwrap_or_else(|| oracle.classes().saturating_sub(1).max(1)),
                    damping: self.damping,
                    indefinite: self.indefinite,
                };
                let gradients = rows(&found.gradient, &curved.positions, d);
                let mut multiply = |v: &[f64]| product(oracle, &curved.samples, &curved.labels, v);
                let solved = conjugate_gradients(&mut multiply, &gradients, d, &options)?;
                for (&i, solution) in curved.positions.iter().zip(&solved) {
                    row_mut(&mut directions, i, d).copy_from_slice(&solution.direction);
                }
            }
            for (v, g) in directions.chunks_exact_mut(d.max(1)).zip(found.gradient.chunks_exact(d.max(1))) {
                let falls = self.orientation == Orientation::Ascent && dot(v, g) < 0.0;
                let factor = if falls { -sign(request) } else { sign(request) };
                v.iter_mut().for_each(|v| *v *= factor);
            }
            Ok(directions)
        })
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "solver",
        kind: OptionKind::Choice(&["closed", "cg"]),
        default: "closed",
        help: "closed (exact on piecewise-linear networks, else cg) or cg (conjugate gradients, as in the paper)",
    },
    OptionSpec {
        name: "tolerance",
        kind: OptionKind::Real,
        default: "1e-6",
        help: "cg: bound on the relative residual",
    },
    OptionSpec {
        name: "iterations",
        kind: OptionKind::Integer(1),
        default: "classes - 1",
        help: "cg: the most iterations, each one product",
    },
    OptionSpec {
        name: "damping",
        kind: OptionKind::Real,
        default: "0",
        help: "share of the largest eigenvalue (cg: of the curvature along g) added to all",
    },
    OptionSpec {
        name: "negative_curvature",
        kind: OptionKind::Choice(&["stop", "continue"]),
        default: "stop",
        help: "cg: what to do where the curvature is negative",
    },
    OptionSpec {
        name: "orientation",
        kind: OptionKind::Choice(&["published", "ascent"]),
        default: "published",
        help: "published (+H⁻¹g) or ascent (the way along which the loss rises)",
    },
];

fn make(name: &'static str, norm: Norm, options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check(name, OPTIONS)?;
    let solver = match options.choice("solver", "closed", &["closed", "cg"])? {
        "cg" => Solver::ConjugateGradients,
        _ => Solver::Closed,
    };
    let indefinite = match options.choice("negative_curvature", "stop", &["stop", "continue"])? {
        "continue" => Indefinite::Continue,
        _ => Indefinite::Stop,
    };
    let orientation = match options.choice("orientation", "published", &["published", "ascent"])? {
        "ascent" => Orientation::Ascent,
        _ => Orientation::Published,
    };
    let iterations = if options.has("iterations") { Some(options.count("iterations", 1, 1)?) } else { None };
    Ok(Box::new(Newton {
        name,
        norm,
        solver,
        tolerance: options.number("tolerance", 0.0)?.unwrap_or(1e-6),
        iterations,
        damping: options.number("damping", 0.0)?.unwrap_or(0.0),
        indefinite,
        orientation,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "fhsm",
        summary: "sign of the Newton step, ε·sign(H⁻¹g) (linf): the paper's second-order attack",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options| make("fhsm", Norm::Linf, options),
    }
}

hesse_core::submit! {
    AttackEntry {
        name: "l2hess",
        summary: "the Newton step H⁻¹g at the length of the budget (l2): the paper's second-order attack",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options| make("l2hess", Norm::L2, options),
    }
}
