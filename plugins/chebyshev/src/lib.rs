//! Residual-based Chebyshev-filtered subspace iteration (R-ChFSI): a block of vectors is filtered by a polynomial that is
//! large outside an interval and at most one inside, until it spans the eigenvectors outside.
//!
//! Filtered subspace iteration: Zhou, Saad, Tiago, Chelikowsky, *Self-consistent-field calculations using
//! Chebyshev-filtered subspace iteration* (J. Comput. Phys. 219, 2006). Applied to the vectors themselves, products with an
//! error δ leave an error of δ in the result, however often it is repeated. Applied to the *residuals* (Kodali,
//! Motamarri et al., arXiv:2503.22652), the error is δ times the residual and falls with it, so products in f32, TF32 or with
//! other noise lead as far as exact ones would. See `filter.rs`.
//!
//! What it is for: following a spectrum along training. Started from the vectors of the last checkpoint, it has little to
//! do, and what it does is a few large block products. Started from nothing, it begins with a short Lanczos run, which also
//! gives the bounds of the spectrum, and needs several times the products of Lanczos alone.
#![forbid(unsafe_code)]

mod filter;
mod solver;

pub use solver::Chebyshev;

use hesse_core::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "degree",
        kind: OptionKind::Integer(2),
        default: "10",
        help: "highest degree of the filter: products of each vector between two looks",
    },
    OptionSpec {
        name: "guard",
        kind: OptionKind::Integer(1),
        default: "3",
        help: "vectors iterated beyond the wanted ones at each end; the last one marks the unwanted part",
    },
    OptionSpec {
        name: "bounds",
        kind: OptionKind::Integer(2),
        default: "10",
        help: "Lanczos products that bound the spectrum",
    },
];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("chebyshev", OPTIONS)?;
    Ok(Box::new(Chebyshev {
        degree: options.count("degree", 10, 2)?,
        guard: options.count("guard", 3, 1)?,
        bounds: options.count("bounds", 10, 2)?,
    }))
}

hesse_core::submit! {
    SolverEntry {
        name: "chebyshev",
        summary: "residual-based Chebyshev-filtered subspace iteration: warm starts, noisy products",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
