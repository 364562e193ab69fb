//! Randomised block Krylov iteration: eigenpairs from the span of X, AX, …, Aᑫ X with a random block X.
//!
//! Musco & Musco, *Randomized Block Krylov Methods for Stronger and Faster Approximate Singular Value Decomposition*
//! (NeurIPS 2015): a constant number of block products reaches the top k with a guarantee that does not depend on gaps. For
//! every block size from one to k the total number of products is of the same order (Chen, Epperly, Meyer, Musco, Rao,
//! arXiv:2508.06486), so the block is chosen by what a machine multiplies at once. A block of b sees b vectors of each
//! eigenspace.
//!
//! The span is held as an orthonormal basis and is looked at after every block; when it reaches the depth without an answer,
//! it is left, and the iteration begins anew from the best Ritz vectors. This explicit restart costs a block of products
//! that the thick restart of `lanczos:block=b` does not; it is kept because it forgets all rounding of the recurrence, which
//! is what makes this method a second opinion on that one.
#![forbid(unsafe_code)]

mod solver;

pub use solver::BlockKrylov;

use hesse_core::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "block",
        kind: OptionKind::Integer(1),
        default: "k, at most 8",
        help: "vectors multiplied at once",
    },
    OptionSpec {
        name: "depth",
        kind: OptionKind::Integer(2),
        default: "room for 3k+20 vectors, at least 6",
        help: "blocks of products before the iteration begins anew from the best vectors",
    },
];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("block-krylov", OPTIONS)?;
    let block = if options.has("block") { Some(options.count("block", 1, 1)?) } else { None };
    let depth = if options.has("depth") { Some(options.count("depth", 2, 2)?) } else { None };
    Ok(Box::new(BlockKrylov { block, depth }))
}

hesse_core::submit! {
    SolverEntry {
        name: "block-krylov",
        summary: "randomised block Krylov iteration: few calls, several products in each",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
