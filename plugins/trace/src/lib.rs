//! Traces, squared Frobenius norms and diagonals of a symmetric operator of which only products are known.
//!
//! | name | what | error per product |
//! |---|---|---|
//! | `hutchinson` | mean of ωᵀAω over random signs ω (Hutchinson 1990); on the complement of known eigenpairs where there are any | 1/√m of the unknown part's norm |
//! | `hutch++` | a sketch's trace exactly, Hutchinson on the rest (Meyer, Musco, Musco, Woodruff 2021) | 1/m on decaying spectra |
//! | `xtrace` | every probe is sample and sketch in turn (Epperly, Tropp, Webber 2024), resphered, with a rank guard | the same with the best constant |
//! | `xdiag` | the same idea for the diagonal | |
//!
//! Which when: a known top-10 takes the large eigenvalues out without error, and what is left is noise of 0.3 % after 30
//! products, which no sketch beats; without known pairs XTrace does best on decaying spectra, and Hutchinson on flat ones.
//!
//! What is peculiar here:
//!
//! * **The standard error of XTrace and XDiag is unbiased.** The usual one, the deviation of the leave-one-out values
//!   ÷ √q, takes them for independent. They share their sketch, and are not: its 95 % bars hold in 85 to 91 % of cases
//!   (for XDiag on flat spectra in 84 %). The covariance of two of them is estimated without bias from the leave-two-out values, at no
//!   further product (`leave_out.rs`).
//! * **No stopping on stagnation.** A run stops when the confidence interval is narrow enough, at looks that grow
//!   geometrically, because a rule that looks after every sample stops by chance.
//! * **Bars use Student's quantile.** Every result says how many samples its error comes from.
//!
//! Estimators are linked in, not loaded: the boundary of loaded libraries has no layout for them.
//!
//! ```
//! use hesse_core::eigen::Control;
//! use hesse_core::estimate::{Goal, Quantity, TraceEstimator, TraceRequest};
//! use hesse_core::{host::HostOperator, vectors::Precision};
//!
//! // A reflection of diag(1, 1/2, 1/4, …): trace 2.
//! let operator = HostOperator::new(60, Precision::F64, |x: &[f64]| {
//!     let mirror = |x: &[f64]| {
//!         let mean = x.iter().sum::<f64>() / 30.0;
//!         x.iter().map(|v| v - mean).collect::<Vec<_>>()
//!     };
//!     mirror(&mirror(x).iter().enumerate().map(|(i, v)| v * 0.5f64.powi(i as i32)).collect::<Vec<_>>())
//! });
//! let request =
//!     TraceRequest { quantity: Quantity::Trace, goal: Goal::default(), max_products: 60, seed: 0, block: 4, known: None };
//! let found = hesse_trace::XTrace.estimate(&operator, &request, &mut |_| Control::Continue)?;
//! assert!((found.value - 2.0).abs() < found.half_width && found.half_width < 0.02);
//! # Ok::<(), hesse_core::estimate::EstimateError>(())
//! ```
#![forbid(unsafe_code)]

mod diagonal;
mod hutch_pp;
mod hutchinson;
mod leave_out;
mod products;
mod sketch;
mod small;
mod xdiag;
mod xtrace;

pub use diagonal::HutchinsonDiagonal;
pub use hutch_pp::HutchPlusPlus;
pub use hutchinson::Hutchinson;
pub use xdiag::XDiag;
pub use xtrace::XTrace;

use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::{DiagonalEntry, TraceEntry};

/// Options of `hutch++`.
const SKETCH: &[OptionSpec] = &[OptionSpec {
    name: "sketch",
    kind: OptionKind::Integer(1),
    default: "a third of the budget, at most 40",
    help: "vectors in the sketch; each costs two products",
}];

fn hutch_pp(options: &Options) -> Result<Box<dyn hesse_core::estimate::TraceEstimator>, OptionError> {
    options.check("hutch++", SKETCH)?;
    let sketch = if options.has("sketch") { Some(options.count("sketch", 1, 1)?) } else { None };
    Ok(Box::new(HutchPlusPlus { sketch }))
}

hesse_core::submit! {
    TraceEntry {
        name: "hutchinson",
        summary: "random signs on the complement of what is known; the best after eigenvalues, or on flat spectra",
        options: &[],
        license: "MIT OR Apache-2.0",
        make: &|options| { options.check("hutchinson", &[])?; Ok(Box::new(Hutchinson)) },
    }
}
hesse_core::submit! {
    TraceEntry {
        name: "hutch++",
        summary: "a sketch's trace exactly, random signs on the rest",
        options: SKETCH,
        license: "MIT OR Apache-2.0",
        make: &hutch_pp,
    }
}
hesse_core::submit! {
    TraceEntry {
        name: "xtrace",
        summary: "every probe is sample and sketch in turn; the best on decaying spectra when nothing is known",
        options: &[],
        license: "MIT OR Apache-2.0",
        make: &|options| { options.check("xtrace", &[])?; Ok(Box::new(XTrace)) },
    }
}
hesse_core::submit! {
    DiagonalEntry {
        name: "xdiag",
        summary: "every probe is sample and sketch in turn; the best on decaying spectra",
        options: &[],
        license: "MIT OR Apache-2.0",
        make: &|options| { options.check("xdiag", &[])?; Ok(Box::new(XDiag)) },
    }
}
hesse_core::submit! {
    DiagonalEntry {
        name: "hutchinson",
        summary: "mean of ω ∘ Aω over random signs; the smallest memory",
        options: &[],
        license: "MIT OR Apache-2.0",
        make: &|options| { options.check("hutchinson", &[])?; Ok(Box::new(HutchinsonDiagonal)) },
    }
}
