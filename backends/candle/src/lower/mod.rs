//! From a program to kernel steps for one batch size.
//!
//! Four decisions are taken here: reshapes are aliases; element-wise values with a single element-wise (or summing) user
//! are evaluated inside that user, and cheap functions of an input inside all of theirs; in a sum of two products
//! (convolutions, matrix products) the second accumulates into the first one's result; and two such convolutions along a
//! direction are one step. What remains becomes one step each, in the program's order.

mod analysis;
mod emit;
mod expression;
mod pair;
mod step;

pub(crate) use analysis::Fusion;
pub(crate) use emit::lower;
pub(crate) use step::{BufferId, Constant, Kernel, Lowered, Origin, Step, Strided};
