//! The solver against matrices whose eigenpairs are known.

mod counts;
mod honesty;
mod planted;
mod random;
mod spectra;
