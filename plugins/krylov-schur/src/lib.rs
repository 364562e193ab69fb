//! An eigensolver that is not ours: faer's matrix-free Krylov–Schur, as an independent second opinion and as an example
//! of how an existing method becomes a plugin.
//!
//! faer finds eigenvalues of the largest modulus of an operator in ordinary memory. What is asked here are the ends of the
//! spectrum, so it is run on A + sI and on sI − A with s a little above |λ|max, whose largest moduli are the two ends of A.
//! The price: a product for the shift's estimate is paid again for each end, every vector passes through host memory, and
//! the tolerance is relative to 2s. Residuals are recomputed against A itself.
//!
//! Source: Stewart, *A Krylov–Schur algorithm for large eigenproblems*, SIAM J. Matrix Anal. Appl. 23 (2002) 601–614.
//!
//! Registers `krylov-schur`.
#![forbid(unsafe_code)]

mod operator;
mod pairs;
mod solver;

pub use solver::KrylovSchur;

use hesse_core::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "basis",
    kind: OptionKind::Integer(8),
    default: "max(2k, 64)",
    help: "vectors held before a restart",
}];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("krylov-schur", OPTIONS)?;
    Ok(Box::new(KrylovSchur { basis: options.count("basis", 64, 8)? }))
}

hesse_core::submit! {
    SolverEntry {
        name: "krylov-schur",
        summary: "faer's Krylov-Schur: an independent second opinion, more products",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
