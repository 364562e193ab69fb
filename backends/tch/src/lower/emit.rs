//! The pass that writes the steps.

use super::analysis::{Analysis, Fusion, Repeats, analyse, is_cheap, small};
use super::differentials::{Request, companions, find, operands};
use super::images::{images, is_convolution};
use super::{Constant, Kept, Kernel, Leaf, Lowered, Slot, Step};
use crate::shim::Instruction;
use hesse_core::graph::{Binary, Graph, Kind, Node, Op, Scalar, Unary, ValueId};
use hesse_core::program::{Program, Role};
use std::collections::HashMap;

struct Emitter<'a> {
    graph: &'a Graph,
    analysis: Analysis,
    batch: usize,
    fusion: Fusion,
    /// Which values are images that lie with their channels last.
    images: Vec<bool>,
    /// Which call of a function outside the graph a value belongs to.
    calls: HashMap<ValueId, usize>,
    /// Where each value is.
    slots: Vec<Option<Slot>>,
    /// Where the small value is that a repeated one repeats.
    small: Vec<Option<Slot>>,
    out: Lowered,
}

/// Lowers a program for a batch size; `channels_last` says how images lie.
pub(crate) fn lower(program: &Program, batch: usize, fusion: Fusion, channels_last: bool) -> Lowered {
    let count = program.graph.nodes().len();
    let found = find(program, batch);
    let mut e = Emitter {
        graph: &program.graph,
        analysis: analyse(program, fusion),
        batch,
        fusion,
        images: if channels_last { images(&program.graph) } else { vec![false; count] },
        calls: found.of,
        slots: vec![None; count],
        small: vec![None; count],
        out: Lowered { calls: found.calls, ..Lowered::default() },
    };
    for v in program.graph.values() {
        e.value(v);
        for output in program.outputs.iter().filter(|o| o.value == v) {
            e.deliver(v, &output.role);
        }
    }
    e.finish()
}

impl Emitter<'_> {
    fn sizes(&self, v: ValueId) -> Vec<i64> {
        self.graph.shape(v).at(self.batch).iter().map(|&n| n as i64).collect()
    }

    fn slot(&mut self) -> Slot {
        self.out.slots += 1;
        self.out.slots - 1
    }

    fn step(&mut self, v: ValueId, kernel: Kernel, reads: Vec<Slot>, sizes: Vec<i64>) -> Slot {
        let write = self.slot();
        let Node { op, operands, .. } = self.graph.node(v);
        // The weight gradient is no image, and its operands are.
        let last = self.images[v.index()] || operands.iter().any(|o| self.images[o.index()]) && is_convolution(op);
        self.out.steps.push(Step {
            kernel,
            reads,
            write: Some(write),
            sizes,
            last,
            name: op.name(),
            drops: Vec::new(),
        });
        write
    }

    fn reads(&self, operands: &[ValueId]) -> Vec<Slot> {
        operands.iter().filter_map(|o| self.slots[o.index()]).collect()
    }

    fn deliver(&mut self, v: ValueId, role: &Role) {
        let Some(slot) = self.slots[v.index()] else { return };
        let node = self.graph.node(v);
        if let Role::Saved(k) = role {
            let elements = node.shape.elements().at(self.batch);
            if self.out.kept.len() <= *k {
                self.out.kept.resize(k + 1, Kept { elements: 0, kind: Kind::Real });
            }
            self.out.kept[*k] = Kept { elements, kind: node.kind };
        }
        let (kernel, reads, name) = (Kernel::Deliver(role.clone()), vec![slot], node.op.name());
        self.out.steps.push(Step {
            kernel,
            reads,
            write: None,
            sizes: self.sizes(v),
            last: false,
            name,
            drops: Vec::new(),
        });
    }

    fn value(&mut self, v: ValueId) {
        let i = v.index();
        let node = self.graph.node(v);
        let sizes = self.sizes(v);
        match &node.op {
            Op::Input(source) => {
                let slot = self.slot();
                self.out.leaves.push(Leaf { source: *source, slot, sizes, kind: node.kind });
                self.slots[i] = Some(slot);
            }
            Op::Fill(c) => self.slots[i] = Some(self.constant(sizes, vec![c.0])),
            Op::Table(t) => self.slots[i] = Some(self.constant(sizes, t.iter().map(|c| c.0).collect())),
            Op::Broadcast { axes, .. } => {
                let reads = self.reads(&node.operands);
                self.small[i] = reads.first().copied();
                self.slots[i] = Some(self.step(v, Kernel::Repeat(axes.clone()), reads, sizes));
            }
            _ if self.analysis.inlined[i] => {}
            Op::Differential(_) if self.slots[i].is_none() => self.differential(v, sizes),
            // Formed together with an earlier one.
            Op::Differential(_) => {}
            op if is_cheap(op) && self.fusion == Fusion::Chains => match self.analysis.repeats[i].clone() {
                Repeats::Axes(axes) => {
                    let few = small(self.graph.shape(v), &axes, self.batch);
                    let (code, reads) = self.chain(v, true);
                    let slot = self.step(v, Kernel::Chain(code), reads, few);
                    self.small[i] = Some(slot);
                    self.slots[i] = Some(self.step(v, Kernel::Repeat(axes), vec![slot], sizes));
                }
                _ => {
                    let (code, reads) = self.chain(v, false);
                    self.slots[i] = Some(self.step(v, Kernel::Chain(code), reads, sizes));
                }
            },
            op => {
                let reads = self.reads(&node.operands);
                self.slots[i] = Some(self.step(v, Kernel::Primitive(op.clone()), reads, sizes));
            }
        }
    }

    fn differential(&mut self, v: ValueId, sizes: Vec<i64>) {
        let (Some(call), Some(first)) = (self.calls.get(&v).copied(), operands(self.graph, v)) else { return };
        let (together, cotangent) = match self.fusion {
            Fusion::Chains => companions(self.graph, v, &self.calls),
            Fusion::Nothing => (Vec::new(), first.cotangent),
        };
        let read: Vec<ValueId> =
            first.own.iter().copied().chain(cotangent).chain(first.tangents.iter().copied()).collect();
        let by = [v].iter().chain(&together).map(|w| operands(self.graph, *w).and_then(|o| o.of.by)).collect();
        let more: Vec<Slot> = together.iter().map(|_| self.slot()).collect();
        let request = Request {
            call,
            cotangent: cotangent.is_some(),
            directions: first.of.directions.clone(),
            by,
            more: more.clone(),
        };
        let reads = self.reads(&read);
        self.slots[v.index()] = Some(self.step(v, Kernel::Differential(request), reads, sizes));
        together.iter().zip(more).for_each(|(w, slot)| self.slots[w.index()] = Some(slot));
    }

    fn constant(&mut self, sizes: Vec<i64>, values: Vec<f64>) -> Slot {
        let slot = self.slot();
        self.out.constants.push(Constant { slot, sizes, values });
        slot
    }

    /// The chain that ends in a value, over whole values or the small ones that they repeat.
    fn chain(&self, v: ValueId, small: bool) -> (Vec<Instruction>, Vec<Slot>) {
        let (mut code, mut reads) = (Vec::new(), Vec::new());
        self.apply(v, small, &mut code, &mut reads);
        if reads.is_empty() {
            // A function of constants alone still needs to know its type.
            reads.extend(self.any_slot(v));
        }
        (code, reads)
    }

    /// Where some operand of a chain is.
    fn any_slot(&self, v: ValueId) -> Option<Slot> {
        self.graph.node(v).operands.iter().find_map(|&o| match self.analysis.inlined[o.index()] {
            true => self.any_slot(o),
            false => self.slots[o.index()],
        })
    }

    fn operand(&self, v: ValueId, small: bool, code: &mut Vec<Instruction>, reads: &mut Vec<Slot>) {
        if self.analysis.inlined[v.index()] {
            return self.apply(v, small, code, reads);
        }
        if let Op::Fill(Scalar(c)) = self.graph.node(v).op {
            return code.push(Instruction::Constant(c));
        }
        let slot = if small { self.small[v.index()] } else { self.slots[v.index()] };
        let Some(slot) = slot else { return };
        let operand = reads.iter().position(|r| *r == slot).unwrap_or_else(|| {
            reads.push(slot);
            reads.len() - 1
        });
        code.push(Instruction::Load(operand));
    }

    fn apply(&self, v: ValueId, small: bool, code: &mut Vec<Instruction>, reads: &mut Vec<Slot>) {
        let node = self.graph.node(v);
        for &o in &node.operands {
            self.operand(o, small, code, reads);
        }
        code.push(match node.op {
            Op::Unary(Unary::Relu) => Instruction::Relu,
            Op::Unary(Unary::Step) => Instruction::Step,
            Op::Unary(Unary::Abs) => Instruction::Abs,
            Op::Unary(Unary::Sign) => Instruction::Sign,
            Op::Unary(Unary::Sqrt) => Instruction::Sqrt,
            Op::Unary(_) => Instruction::Reciprocal,
            Op::Binary(Binary::Add) => Instruction::Add,
            Op::Binary(Binary::Sub) => Instruction::Sub,
            Op::Binary(Binary::Mul) => Instruction::Mul,
            Op::Binary(Binary::Div) => Instruction::Div,
            Op::Binary(Binary::Greater) => Instruction::Greater,
            Op::Scale { factor, divisor } => Instruction::Scale(factor.0 / divisor.at(self.batch) as f64),
            Op::Shift(c) => Instruction::Shift(c.0),
            _ => return,
        });
    }

    /// Marks where values are read last, and counts what is held at once.
    fn finish(mut self) -> Lowered {
        let out = &mut self.out;
        let mut last = vec![None; out.slots];
        for (at, step) in out.steps.iter().enumerate() {
            for &slot in step.reads.iter().chain(&step.write) {
                last[slot] = Some(at);
            }
        }
        for constant in &out.constants {
            last[constant.slot] = None;
        }
        for (slot, at) in last.iter().enumerate() {
            if let Some(step) = at.and_then(|at| out.steps.get_mut(at)) {
                step.drops.push(slot);
            }
        }
        out.views.extend(out.leaves.iter().map(|l| l.slot).chain(out.constants.iter().map(|c| c.slot)));
        out.views.extend(out.steps.iter().filter(|s| s.kernel.makes_view()).filter_map(|s| s.write));
        let mut sizes = vec![0usize; out.slots];
        let mut held = 0usize;
        for step in &out.steps {
            // Views of other values hold no memory of their own.
            if let (Some(write), false) = (step.write, step.kernel.makes_view()) {
                sizes[write] = step.sizes.iter().map(|&n| n as usize).product();
                held += sizes[write];
            }
            out.peak = out.peak.max(held);
            held -= step.drops.iter().map(|&s| sizes[s]).sum::<usize>();
        }
        self.out
    }
}
