//! The solver against matrices whose eigenpairs are known.
#![allow(clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the tests themselves")]

mod blocks;
mod counts;
mod honesty;
mod planted;
mod random;
mod spectra;
mod states;
