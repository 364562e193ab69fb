//! Deflated power iteration, as the paper and its authors' tools compute eigenvalues: for reproduction, never by default.
//!
//! Yao et al., *Hessian-based Analysis of Large Batch Training and Robustness to Adversaries* (NeurIPS 2018), and the code
//! that came of it: one Gaussian vector per pair, normalised over all parameters; before every product it is projected
//! against the pairs already found; λ is the signed Rayleigh quotient vᵀHv; v ← Hv / ‖Hv‖; the iteration stops when λ changes
//! by less than `change` relative to its last value, or after `iterations` products. The order of the pairs is that of |λ|.
//!
//! What that rule does is reported, not repaired: it stops when the iteration is slow and not when it is right, it cannot
//! separate λmax from −λmin of the same size, and pairs that are only roughly right pollute the later ones. So every pair
//! is multiplied once more at the end, is marked as converged only where that residual is within the tolerance, and a
//! remark says how many pairs are not. `stop=residual` replaces the rule by the residual, which says what the method costs
//! at equal accuracy.
//!
//! Two things are not copied, because they are mistakes and not the method: v / (‖v‖ + 1e-6), which reports 0.81 λ for
//! λ = 1e-5, and the return of the last but one Rayleigh quotient with the last vector.
//!
//! Pairs of the wrong sign are found on the way: `--top 10` needs ten positive ones, and negative ones of larger modulus
//! come first.
#![forbid(unsafe_code)]

mod solver;

pub use solver::{PowerIteration, Stop};

use hesse_core::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "iterations",
        kind: OptionKind::Integer(1),
        default: "100",
        help: "the most products for each pair",
    },
    OptionSpec {
        name: "change",
        kind: OptionKind::Real,
        default: "0.001",
        help: "stop a pair when its eigenvalue changes by less, relative to itself",
    },
    OptionSpec {
        name: "stop",
        kind: OptionKind::Choice(&["change", "residual"]),
        default: "change",
        help: "the paper's rule, or the residual that is asked for",
    },
];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("power-iteration", OPTIONS)?;
    let stop = match options.choice("stop", "change", &["change", "residual"])? {
        "residual" => Stop::Residual,
        _ => Stop::Change,
    };
    Ok(Box::new(PowerIteration {
        iterations: options.count("iterations", 100, 1)?,
        change: options.number("change", f64::MIN_POSITIVE)?.unwrap_or(1e-3),
        stop,
    }))
}

hesse_core::submit! {
    SolverEntry {
        name: "power-iteration",
        summary: "deflated power iteration with the paper's stopping rule: for reproduction",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
