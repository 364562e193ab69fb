//! Thick-restart Lanczos: extreme eigenpairs of a symmetric operator of which only products are known.
//!
//! The method is the one of Wu & Simon, *Thick-restart Lanczos method for large symmetric eigenvalue problems*, SIAM J.
//! Matrix Anal. Appl. 22 (2000) 602–616, which is the symmetric form of Stewart's Krylov–Schur. One product per step
//! extends an orthonormal basis V; the eigenpairs of the small matrix `T = VᵀAV` give Ritz pairs of A, at both ends of
//! the spectrum at once; when V is full it is contracted to the best Ritz vectors and grows again.
//!
//! Why this one. A product is a pass over a data set, so products are what counts, and among the methods that need
//! nothing but products (no preconditioner, no factorisation) a Krylov space is optimal for a given number. Decided
//! against: power iteration with deflation (ten times the products, and it stops early with wrong values when
//! |λmin| ≈ |λmax|), LOBPCG (one end, three times the products, silently wrong in f32), and hard locking (see
//! `solver.rs`).
//!
//! What is peculiar here:
//!
//! * A block of any size may be multiplied at once (`lanczos:block=4`): more products in all, fewer calls, which pays where
//!   a call costs more than its arithmetic; and a block finds as many copies of a repeated eigenvalue as it has columns.
//! * Initial vectors are a start, not an answer: their sum, with a tenth of a random vector, begins the recurrence.
//! * The whole state (basis in device precision, T, counters, random draws) can be saved after every step and gone on from
//!   to the same bits (`saved.rs`).
//! * The basis is checked while it grows, by the residual norms that the recurrence yields for free, and growth stops
//!   as soon as every wanted pair is within the tolerance by that estimate (`solver.rs`).
//! * Nothing is accepted by an estimate alone. What the recurrence predicts of the products of all wanted vectors is
//!   checked by fresh products of three random combinations of them, and a bound on the deviation is added to every residual
//!   (`hesse_solver_tools::krylov`); for four pairs or fewer, near rounding, where the check fails, and with the option
//!   `verify=each`, every wanted vector is multiplied once more (`hesse_solver_tools::measured`).
//! * Residuals do not tell whether the right pairs were found: where the starting vector has next to nothing of an
//!   eigenvector, its neighbour takes its place. To wait until the Ritz values behind the last wanted one can no longer
//!   rise past it was tried and decided against: on a network's spectrum, one seed of thirty gave a wrong tenth value with
//!   and without. `probe` is for that.
//! * One starting vector sees one vector of each eigenspace. The option `probe`, and every breakdown of the recurrence,
//!   make the solver start again orthogonally to what it has until nothing new turns up (`sweep.rs`).
//! * No threshold is absolute: a multiple of an operator yields the same vectors and a multiple of the values.
//!
//! ```
//! use hesse_core::eigen::{Control, EigenRequest, EigenSolver};
//! use hesse_core::{host::HostOperator, vectors::Precision};
//!
//! // The second difference on 100 points: eigenvalues 2 − 2cos(πj/101).
//! let operator = HostOperator::new(100, Precision::F64, |x: &[f64]| {
//!     let at = |i: usize| x.get(i).copied().unwrap_or(0.0);
//!     (0..100).map(|i| 2.0 * x[i] - at(i + 1) - at(i.wrapping_sub(1))).collect()
//! });
//! let request = EigenRequest { largest: 2, smallest: 1, tolerance: 1e-8, max_products: 500, seed: 0 };
//! let found = hesse_lanczos::Lanczos::default().solve(&operator, &request, &mut |_| Control::Continue)?;
//! let exact = 2.0 - 2.0 * (100.0 * std::f64::consts::PI / 101.0).cos();
//! assert!(found.largest[0].converged && (found.largest[0].value - exact).abs() < 1e-8);
//! # Ok::<(), hesse_core::eigen::SolverError>(())
//! ```
#![forbid(unsafe_code)]

mod saved;
mod solver;
mod sweep;

use hesse_core::eigen::EigenSolver;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::SolverEntry;

pub use solver::Lanczos;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "basis",
        kind: OptionKind::Integer(2),
        default: "max(2k+10, 20)",
        help: "vectors held before a restart; more of them need fewer products and more memory",
    },
    OptionSpec {
        name: "block",
        kind: OptionKind::Integer(1),
        default: "1",
        help: "vectors multiplied at once; more of them need fewer calls and more products in all",
    },
    OptionSpec {
        name: "probe",
        kind: OptionKind::Bool,
        default: "false",
        help: "start again at random until nothing new is found: finds repeated eigenvalues, for some more products",
    },
    OptionSpec {
        name: "verify",
        kind: OptionKind::Choice(VERIFY),
        default: "together",
        help: "check the residuals of five or more pairs by three products of random combinations, or by one product each",
    },
];

/// How pairs are verified.
const VERIFY: &[&str] = &["together", "each"];

fn make(options: &Options) -> Result<Box<dyn EigenSolver>, OptionError> {
    options.check("lanczos", OPTIONS)?;
    let basis = if options.has("basis") { Some(options.count("basis", 0, 2)?) } else { None };
    let probe = options.choice("probe", "false", &["false", "true"])? == "true";
    let block = options.count("block", 1, 1)?;
    let each = options.choice("verify", "together", VERIFY)? == "each";
    Ok(Box::new(Lanczos { basis, block, probe, each }))
}

hesse_core::submit! {
    SolverEntry {
        name: "lanczos",
        summary: "thick-restart Lanczos: both ends of the spectrum, fewest products",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
