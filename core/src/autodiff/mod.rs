//! Derivatives as graph-to-graph transforms.
//!
//! [`reverse`] appends the vector–Jacobian product of a value, [`forward`] the Jacobian–vector product; both work on
//! any graph, so H·v is simply `forward` over what `reverse` appended (forward over reverse, Pearlmutter 1994: one
//! product costs about two gradients, and everything that does not depend on v can be kept). Structural zeros are
//! never written: a derivative that is zero is absent.
//!
//! Decided against: operator overloading on a tape per batch, which would rebuild the same derivative for every batch
//! and hide it from inspection.

mod forward;
mod prune;
mod reverse;
mod rules;
mod split;

pub use forward::forward;
pub use prune::{extract, reachable};
pub use reverse::reverse;
pub use split::{Parts, split};
