//! LOBPCG with an orthonormal basis: eigenpairs at both ends with few vectors of memory.
//!
//! Knyazev's *Toward the optimal preconditioned eigensolver* (SIAM J. Sci. Comput. 23, 2001): in each iteration the best
//! vectors in the span of the last ones X, their residuals W and the last directions P. The classical form solves a
//! generalised eigenproblem with the Gram matrix of [X W P], which becomes singular as the iteration converges; in f32, or
//! for a nearly rank-deficient operator (every Hessian of a network), it then diverges or returns wrong values without a
//! word (scipy 10258, 10974, 16408; pytorch 101075, 114081). Here the basis is orthonormal throughout, as in PRIMME and in
//! Duersch, Shao, Yang, Gu, *A Robust and Efficient Implementation of LOBPCG* (SIAM J. Sci. Comput. 40, 2018):
//!
//! * W is orthogonalised against X and P before it is multiplied, and columns that are nothing but rounding are dropped;
//! * P is made orthonormal to the new X in coordinates, by f64 Gram–Schmidt on the small coefficient matrix (Hetmaniuk &
//!   Lehoucq, 2006), so that no vector is subtracted from a nearly equal one;
//! * products of X and P are combined from earlier ones, and formed anew at every acceptance and every 32 iterations.
//!
//! Both ends are iterated in one subspace. There is no preconditioner yet; without one, Lanczos needs a third of the
//! products. What this one has for it is memory (six vectors per pair, and as many products of them) and warm starts.
#![forbid(unsafe_code)]

mod solver;
mod subspace;

pub use solver::Lobpcg;

use hesse_core::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "guard",
    kind: OptionKind::Integer(0),
    default: "2",
    help: "vectors iterated beyond the wanted ones at each end; more of them converge in fewer iterations",
}];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("lobpcg", OPTIONS)?;
    Ok(Box::new(Lobpcg { guard: options.count("guard", 2, 0)? }))
}

hesse_core::submit! {
    SolverEntry {
        name: "lobpcg",
        summary: "LOBPCG with an orthonormal basis: both ends, little memory, warm starts",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
