//! The instructions of a fused chain.

use hesse_core::graph::{Binary, Unary};

/// How an operand is read at flat position i of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Entry i.
    Dense,
    /// Entry (i / inner) mod period: a vector repeated along other axes.
    Periodic { inner: usize, period: usize },
}

/// An operand: which one, and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub operand: usize,
    pub access: Access,
}

/// One instruction of the stack machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Instruction {
    /// Pushes an operand.
    Load(Load),
    /// Pushes a constant.
    Constant(f64),
    /// Replaces the top.
    Unary(Unary),
    /// Multiplies the top.
    Scale(f64),
    /// Adds to the top.
    Shift(f64),
    /// Raises the top to a power.
    Power(f64),
    /// Replaces the two topmost a, b by f(a, b).
    Binary(Binary),
    /// Replaces the top a by f(a, operand): a load and a binary in one.
    BinaryLoad(Binary, Load),
    /// Replaces the top b by f(operand, b).
    LoadBinary(Binary, Load),
}

/// A chain, in the order of execution.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Expression {
    pub instructions: Vec<Instruction>,
    /// Number of registers needed.
    pub depth: usize,
}

impl Expression {
    /// Counts registers and merges loads into the binaries that consume them.
    pub fn new(raw: Vec<Instruction>) -> Self {
        let mut instructions: Vec<Instruction> = Vec::with_capacity(raw.len());
        for next in raw {
            match (next, instructions.last()) {
                (Instruction::Binary(f), Some(&Instruction::Load(load))) if instructions.len() > 1 => {
                    instructions.pop();
                    instructions.push(Instruction::BinaryLoad(f, load));
                }
                _ => instructions.push(next),
            }
        }
        let (mut level, mut depth) = (0usize, 0usize);
        for i in &instructions {
            match i {
                Instruction::Load(_) | Instruction::Constant(_) => level += 1,
                Instruction::Binary(_) => level = level.saturating_sub(1),
                _ => {}
            }
            depth = depth.max(level);
        }
        Expression { instructions, depth }
    }
}
