//! The pass that writes the steps.

use super::analysis::{Analysis, Fusion, analyse};
use super::expression::{Chain, periodic};
use super::step::{BufferId, BufferInfo, Constant, Kernel, Lowered, Origin, Step, Strided};
use crate::fused::{Access, Axis};
use hesse_core::graph::{Graph, Kind, Node, Op, Source, ValueId};
use hesse_core::program::{Program, Role};

struct Emitter<'a> {
    graph: &'a Graph,
    analysis: Analysis,
    batch: usize,
    /// Whether the program is linear in a direction of its inputs.
    linear: bool,
    buffers: Vec<Option<BufferId>>,
    out: Lowered,
}

/// Lowers a program for a batch size.
pub(crate) fn lower(program: &Program, batch: usize, fusion: Fusion) -> Lowered {
    let mut e = Emitter {
        graph: &program.graph,
        analysis: analyse(program, fusion),
        batch,
        linear: program.direction.iter().any(|part| part.source != Source::OutputCotangent),
        buffers: vec![None; program.graph.nodes().len()],
        out: Lowered::default(),
    };
    for v in program.graph.values() {
        e.value(v);
        for output in program.outputs.iter().filter(|o| o.value == v) {
            e.deliver(v, &output.role);
        }
    }
    super::pair::join(&mut e.out);
    e.out
}

impl Emitter<'_> {
    fn size(&self, v: ValueId) -> usize {
        self.graph.shape(v).elements().at(self.batch)
    }

    fn dims(&self, v: ValueId) -> Vec<usize> {
        self.graph.shape(v).at(self.batch)
    }

    fn buffer(&mut self, elements: usize, kind: Kind, origin: Origin) -> BufferId {
        self.out.buffers.push(BufferInfo { elements, kind, origin });
        self.out.buffers.len() - 1
    }

    fn computed(&mut self, v: ValueId) -> BufferId {
        let kind = self.graph.node(v).kind;
        self.buffer(self.size(v), kind, Origin::Computed)
    }

    fn reads(&self, operands: &[ValueId]) -> Vec<BufferId> {
        operands.iter().filter_map(|o| self.buffers[o.index()]).collect()
    }

    fn step(&mut self, v: ValueId, kernel: Kernel, reads: Vec<BufferId>) {
        let write = self.computed(v);
        self.step_into(v, kernel, reads, write);
    }

    fn step_into(&mut self, v: ValueId, kernel: Kernel, reads: Vec<BufferId>, write: BufferId) {
        let name = self.graph.node(v).op.name();
        self.out.steps.push(Step { kernel, reads, write: Some(write), name });
        self.buffers[v.index()] = Some(write);
    }

    fn chain(&self) -> Chain<'_> {
        Chain {
            graph: self.graph,
            analysis: &self.analysis,
            batch: self.batch,
            buffers: &self.buffers,
            reads: Vec::new(),
            instructions: Vec::new(),
        }
    }

    fn deliver(&mut self, v: ValueId, role: &Role) {
        let Some(buffer) = self.buffers[v.index()] else { return };
        if let Role::Saved(k) = role {
            // A value that is an input or already kept elsewhere is copied.
            let taken = self.out.saved.iter().any(|(_, b)| *b == buffer);
            let buffer = if taken || !matches!(self.out.buffers[buffer].origin, Origin::Computed) {
                self.copy(v, buffer)
            } else {
                buffer
            };
            self.out.saved.push((*k, buffer));
            return;
        }
        let name = self.graph.node(v).op.name();
        self.out.steps.push(Step { kernel: Kernel::Deliver(role.clone()), reads: vec![buffer], write: None, name });
    }

    fn copy(&mut self, v: ValueId, from: BufferId) -> BufferId {
        let to = self.computed(v);
        let elements = self.out.buffers[to].elements;
        let all = Strided { dims: vec![elements], strides: vec![1], offset: 0 };
        self.out.steps.push(Step { kernel: Kernel::Read(all), reads: vec![from], write: Some(to), name: "copy" });
        to
    }

    fn value(&mut self, v: ValueId) {
        let i = v.index();
        let node = self.graph.node(v).clone();
        let x = node.operands.as_slice();
        match &node.op {
            Op::Input(source) => self.leaf(v, *source, &node),
            Op::Fill(c) if self.analysis.dense[i] => {
                let b = self.buffer(self.size(v), Kind::Real, Origin::Constant(Constant::Fill(c.0)));
                self.buffers[i] = Some(b);
            }
            Op::Fill(_) => {}
            Op::Table(t) => {
                let values = t.iter().map(|s| s.0).collect();
                let b = self.buffer(t.len(), Kind::Real, Origin::Constant(Constant::Table(values)));
                self.buffers[i] = Some(b);
            }
            Op::Reshape(_) => self.buffers[i] = self.buffers[x[0].index()],
            _ if self.analysis.is_accumulated[i] => self.buffers[i] = self.buffers[x[0].index()],
            op if op.is_element_wise() => {
                if !self.analysis.inlined[i] {
                    let mut chain = self.chain();
                    chain.apply(v);
                    let (expression, reads) = chain.finish();
                    self.step(v, Kernel::Map(expression), reads);
                }
            }
            Op::Broadcast { axes, .. } => self.broadcast(v, x[0], axes),
            Op::Sum(axes) => {
                let axes = grouped(&self.dims(x[0]), axes);
                let mut chain = self.chain();
                chain.operand(x[0]);
                let (expression, reads) = chain.finish();
                self.step(v, Kernel::Reduce(expression, axes), reads);
            }
            Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) | Op::MatMul { .. } => self.product(v, &node),
            Op::Concat(axis) => self.concat(v, x, *axis),
            op => {
                let kernel = self.plain(v, op, x);
                let reads = self.reads(x);
                self.step(v, kernel, reads);
            }
        }
    }

    fn leaf(&mut self, v: ValueId, source: Source, node: &Node) {
        let b = self.buffer(self.size(v), node.kind, Origin::Input(source));
        self.buffers[v.index()] = Some(b);
    }

    fn broadcast(&mut self, v: ValueId, operand: ValueId, axes: &[usize]) {
        // A constant operand has no memory of its own unless something else needs it.
        let dims = self.dims(v);
        let access = periodic(&dims, axes);
        if access.is_some() && !self.analysis.dense[v.index()] {
            return; // read in place by the chains that use it
        }
        let inner = self.dims(operand);
        let strides_in = row_major(&inner);
        let mut strides = vec![0; dims.len()];
        for (j, &a) in axes.iter().enumerate() {
            strides[a] = strides_in[j];
        }
        let reads = self.reads(&[operand]);
        match access {
            Some(access @ (Access::Dense | Access::Periodic { .. })) => {
                let load = crate::fused::Load { operand: 0, access };
                let e = crate::fused::Expression::new(vec![crate::fused::Instruction::Load(load)]);
                self.step(v, Kernel::Map(e), reads);
            }
            None => self.step(v, Kernel::Read(Strided { dims, strides, offset: 0 }), reads),
        }
    }

    fn product(&mut self, v: ValueId, node: &Node) {
        let x = node.operands.as_slice();
        let into = self.analysis.accumulates_into[v.index()].and_then(|f| self.buffers[f.index()]);
        let accumulate = into.is_some();
        let (a, b) = (self.dims(x[0]), self.dims(x[1]));
        let kernel = match &node.op {
            Op::MatMul { transpose_a, transpose_b } => {
                let r = a.len();
                let (m, k) = if *transpose_a { (a[r - 1], a[r - 2]) } else { (a[r - 2], a[r - 1]) };
                let n = if *transpose_b { b[r - 2] } else { b[r - 1] };
                let batch = a[..r - 2].iter().product();
                Kernel::MatMul { batch, m, k, n, transpose: [*transpose_a, *transpose_b], accumulate }
            }
            Op::Conv(c) => Kernel::Conv {
                op: node.op.clone(),
                geometry: c.clone(),
                batch: a[0],
                channels: [a[1], b[0]],
                accumulate,
                linear: self.linear,
            },
            Op::ConvInputGrad(c) => {
                let channels = [b[1] * c.groups, a[1]];
                Kernel::Conv {
                    op: node.op.clone(),
                    geometry: c.clone(),
                    batch: a[0],
                    channels,
                    accumulate,
                    linear: self.linear,
                }
            }
            Op::ConvWeightGrad(c) => Kernel::Conv {
                op: node.op.clone(),
                geometry: c.clone(),
                batch: a[0],
                channels: [a[1], b[1]],
                accumulate,
                linear: self.linear,
            },
            _ => return,
        };
        let reads = self.reads(x);
        match into {
            Some(write) => self.step_into(v, kernel, reads, write),
            None => self.step(v, kernel, reads),
        }
    }

    fn concat(&mut self, v: ValueId, parts: &[ValueId], axis: usize) {
        let strides = row_major(&self.dims(v));
        let write = self.computed(v);
        let mut offset = 0;
        for &part in parts {
            let dims = self.dims(part);
            let size = dims[axis];
            let to = Strided { dims, strides: strides.clone(), offset: offset * strides[axis] };
            let reads = self.reads(&[part]);
            self.step_into(v, Kernel::Write { to, zero: false }, reads, write);
            offset += size;
        }
    }

    /// Primitives that are one kernel with dense operands.
    fn plain(&self, v: ValueId, op: &Op, x: &[ValueId]) -> Kernel {
        let (from, to) = (self.dims(x[0]), self.dims(v));
        let split =
            |d: &[usize]| (d[..d.len().saturating_sub(1)].iter().product::<usize>(), d.last().copied().unwrap_or(1));
        match op {
            Op::MaxPoolIndex(w) => Kernel::MaxPoolIndex(w.clone()),
            Op::AveragePool { window, count_padding } => {
                Kernel::AveragePool { window: window.clone(), count_padding: *count_padding, adjoint: false }
            }
            Op::AveragePoolGrad { window, count_padding } => {
                Kernel::AveragePool { window: window.clone(), count_padding: *count_padding, adjoint: true }
            }
            Op::Gather => Kernel::Gather { from: split(&from).1, to: split(&to).1 },
            Op::ScatterAdd(n) => Kernel::ScatterAdd { from: split(&from).1, to: *n },
            Op::TakeRows => Kernel::TakeRows { rows: from[0], width: from[1] },
            Op::PutRows(rows) => Kernel::PutRows { rows: *rows, width: split(&from).1 },
            Op::Permute(p) => {
                let strides = row_major(&from);
                Kernel::Read(Strided { dims: to, strides: p.iter().map(|&a| strides[a]).collect(), offset: 0 })
            }
            Op::Slice { start, step, .. } => Kernel::Read(window_of(&from, &to, start, step)),
            Op::Pad { start, step, .. } => Kernel::Write { to: window_of(&to, &from, start, step), zero: true },
            Op::ArgMax => Kernel::ArgMax { columns: split(&from).1 },
            Op::IndexEquals(i) => Kernel::IndexEquals(*i),
            Op::IndexReplace(a, b) => Kernel::IndexReplace(*a, *b),
            Op::OneHot(n) => Kernel::OneHot(*n),
            other => Kernel::Softmax { op: other.clone(), columns: split(&from).1 },
        }
    }
}

fn row_major(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for i in (0..dims.len().saturating_sub(1)).rev() {
        strides[i] = strides[i + 1] * dims[i + 1];
    }
    strides
}

/// The positions within `large` of a regular sub-grid of sizes `small`.
fn window_of(large: &[usize], small: &[usize], start: &[usize], step: &[usize]) -> Strided {
    let strides = row_major(large);
    Strided {
        dims: small.to_vec(),
        offset: start.iter().zip(&strides).map(|(a, s)| a * s).sum(),
        strides: step.iter().zip(&strides).map(|(a, s)| a * s).collect(),
    }
}

/// Merges adjacent axes that are all kept or all summed.
fn grouped(dims: &[usize], summed: &[usize]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for (i, &size) in dims.iter().enumerate() {
        let is_summed = summed.contains(&i);
        match axes.last_mut() {
            Some(last) if last.summed == is_summed => last.size *= size,
            _ => axes.push(Axis { size, summed: is_summed }),
        }
    }
    axes
}
