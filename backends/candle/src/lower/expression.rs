//! Building the instructions of a fused chain.

use super::analysis::Analysis;
use super::step::BufferId;
use crate::fused::{Access, Expression, Instruction, Load};
use hesse_core::graph::{Dim, Graph, Op, Scalar, ValueId};

/// Collects instructions and the buffers they read.
pub(super) struct Chain<'a> {
    pub graph: &'a Graph,
    pub analysis: &'a Analysis,
    pub batch: usize,
    /// Memory of every stored value.
    pub buffers: &'a [Option<BufferId>],
    pub reads: Vec<BufferId>,
    pub instructions: Vec<Instruction>,
}

/// How a repeated operand is read: `(i / inner) mod period`, where its axes are adjacent in the result.
pub(super) fn periodic(shape: &[usize], axes: &[usize]) -> Option<Access> {
    // Axes of size one can be counted as repeated or not.
    let kept: Vec<usize> = axes.iter().copied().filter(|&a| shape[a] != 1).collect();
    let (Some(&first), Some(&last)) = (kept.first(), kept.last()) else {
        return Some(Access::Periodic { inner: usize::MAX, period: 1 });
    };
    if (first..=last).any(|a| shape[a] != 1 && !kept.contains(&a)) {
        return None;
    }
    let inner: usize = shape[last + 1..].iter().product();
    let period: usize = shape[first..=last].iter().product();
    let outer: usize = shape[..first].iter().product();
    Some(if inner == 1 && outer == 1 { Access::Dense } else { Access::Periodic { inner: inner.max(1), period } })
}

impl Chain<'_> {
    /// The finished chain.
    pub fn finish(self) -> (Expression, Vec<BufferId>) {
        (Expression::new(self.instructions), self.reads)
    }

    fn load(&mut self, buffer: BufferId, access: Access) -> Instruction {
        let operand = self.reads.iter().position(|b| *b == buffer).unwrap_or_else(|| {
            self.reads.push(buffer);
            self.reads.len() - 1
        });
        Instruction::Load(Load { operand, access })
    }

    /// Appends the instructions for a value used by the chain.
    pub fn operand(&mut self, v: ValueId) {
        let node = self.graph.node(v);
        match &node.op {
            Op::Fill(Scalar(c)) => self.instructions.push(Instruction::Constant(*c)),
            Op::Reshape(_) if self.buffers[v.index()].is_none() => self.operand(node.operands[0]),
            Op::Broadcast { shape, axes } if self.buffers[v.index()].is_none() => {
                let dims = shape.at(self.batch);
                let inner = self.buffers[node.operands[0].index()];
                if let (Some(buffer), Some(access)) = (inner, periodic(&dims, axes)) {
                    let load = self.load(buffer, access);
                    self.instructions.push(load);
                }
            }
            _ if self.analysis.inlined[v.index()] => self.apply(v),
            _ => {
                if let Some(buffer) = self.buffers[v.index()] {
                    let load = self.load(buffer, Access::Dense);
                    self.instructions.push(load);
                }
            }
        }
    }

    /// Appends the operands of an element-wise value and the instruction itself.
    pub fn apply(&mut self, v: ValueId) {
        let node = self.graph.node(v).clone();
        if let (Op::Binary(f), [a, b]) = (&node.op, node.operands.as_slice()) {
            let simple = |chain: &Self, x: ValueId| chain.is_plain_load(x);
            // a first, then b: a plain load of `a` under a long `b` costs one register instead of two passes.
            if simple(self, *a) && !simple(self, *b) {
                self.operand(*b);
                let mark = self.instructions.len();
                self.operand(*a);
                if let (Some(Instruction::Load(load)), true) =
                    (self.instructions.last().copied(), self.instructions.len() == mark + 1)
                {
                    self.instructions.pop();
                    self.instructions.push(Instruction::LoadBinary(*f, load));
                }
                return;
            }
        }
        for o in &node.operands {
            self.operand(*o);
        }
        self.instructions.push(match node.op {
            Op::Unary(f) => Instruction::Unary(f),
            Op::Binary(f) => Instruction::Binary(f),
            Op::Scale { factor, divisor } => Instruction::Scale(factor.0 / divided(divisor, self.batch)),
            Op::Shift(c) => Instruction::Shift(c.0),
            Op::Power(p) => Instruction::Power(p.0),
            _ => Instruction::Scale(1.0),
        });
    }

    fn is_plain_load(&self, v: ValueId) -> bool {
        let node = self.graph.node(v);
        match node.op {
            Op::Fill(_) => false,
            Op::Reshape(_) if self.buffers[v.index()].is_none() => self.is_plain_load(node.operands[0]),
            _ => !self.analysis.inlined[v.index()],
        }
    }
}

fn divided(divisor: Dim, batch: usize) -> f64 {
    divisor.at(batch) as f64
}
