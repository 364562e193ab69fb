//! Putting a problem together: network, normalization, weights, samples and a machine, from the names a person gives.
//!
//! A [`ProblemSpec`] says what is wanted; [`Session::open`] reads, checks and uploads it all, cheapest check first, so
//! that a wrong name costs nothing and a wrong file costs no product. Everything that measures starts from a session.
#![forbid(unsafe_code)]

mod error;
pub mod lookup;
mod memory;
mod network;
mod normalization;
mod perturbation;
mod session;
mod spec;
mod values;

pub use error::ProblemError;
pub use memory::{MemorySize, default_budget, free_memory};
pub use network::Network;
pub use normalization::{describe_normalization, parse_normalization};
pub use perturbation::Perturbation;
pub use session::Session;
pub use spec::{BackendSpec, ProblemSpec, describe_loss};
pub use values::Values;
