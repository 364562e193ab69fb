//! Element-wise chains as one pass over memory.
//!
//! A tree of element-wise primitives becomes a short list of instructions for a stack machine whose registers are
//! chunks of a few hundred numbers: small enough for the first-level cache, long enough that interpretation costs
//! nothing and each instruction vectorises. The result is stored ([`map`]) or summed ([`reduce`]). Generating machine code
//! was decided against: memory bandwidth bounds these passes, not instructions.

mod expression;
mod machine;
mod map;
mod reduce;

pub(crate) use expression::{Access, Expression, Instruction, Load};
pub(crate) use map::{Operand, map};
pub(crate) use reduce::{Axis, reduce};
