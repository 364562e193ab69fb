//! From a program to steps for one batch size.
//!
//! Three decisions are taken here: cheap element-wise values with a single element-wise user are evaluated inside it, in
//! one pass over memory; an element-wise function of values that repeat a small one is taken of the small one; and a value
//! is dropped after its last reader, so that its memory serves the next. Everything else is one call of libtorch each.

mod analysis;
mod differentials;
mod emit;
mod images;

pub(crate) use analysis::Fusion;
pub(crate) use differentials::{Call, Request};
pub(crate) use emit::lower;

use crate::shim::Instruction;
use hesse_core::graph::{Kind, Op, Source};
use hesse_core::program::Role;
use std::collections::HashSet;

/// A place for a tensor, by position.
pub(crate) type Slot = usize;

/// What a step does.
#[derive(Debug, Clone)]
pub(crate) enum Kernel {
    /// One primitive.
    Primitive(Op),
    /// A chain of cheap element-wise primitives; the reads are its operands.
    Chain(Vec<Instruction>),
    /// Repeats the operand: axis j of it becomes axis `axes[j]`.
    Repeat(Vec<usize>),
    /// Differentials of a function outside the graph.
    Differential(Request),
    /// Hands the operand to the caller.
    Deliver(Role),
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub kernel: Kernel,
    pub reads: Vec<Slot>,
    /// None for `Deliver`.
    pub write: Option<Slot>,
    /// Sizes of the result.
    pub sizes: Vec<i64>,
    /// Whether images lie with their channels last in memory.
    pub last: bool,
    /// The primitive, for messages.
    pub name: &'static str,
    /// What nobody reads after this step.
    pub drops: Vec<Slot>,
}

impl Kernel {
    /// Whether the result is (or may be) a view of the operand.
    pub fn makes_view(&self) -> bool {
        matches!(self, Kernel::Repeat(_) | Kernel::Primitive(Op::Reshape(_) | Op::Permute(_) | Op::Slice { .. }))
    }
}

/// A value that is there before the first step.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub source: Source,
    pub slot: Slot,
    pub sizes: Vec<i64>,
    pub kind: Kind,
}

/// A value that is the same in every run.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub slot: Slot,
    pub sizes: Vec<i64>,
    /// One number for all entries, or one for each.
    pub values: Vec<f64>,
}

/// A kept output.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub elements: usize,
    pub kind: Kind,
}

/// What lowering produces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lowered {
    pub steps: Vec<Step>,
    pub leaves: Vec<Leaf>,
    pub constants: Vec<Constant>,
    /// Calls of functions outside the graph.
    pub calls: Vec<Call>,
    /// By number.
    pub kept: Vec<Kept>,
    /// Slots whose tensors share the memory of others: inputs, constants, and views of values.
    pub views: HashSet<Slot>,
    /// How many slots there are.
    pub slots: usize,
    /// The most entries that computed values hold at once.
    pub peak: usize,
}
