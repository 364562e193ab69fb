//! Sums over two terms, in two sums: Σ(a + b) = Σa + Σb.
//!
//! The second derivative of a scale (batch norm's, layer norm's) is Σ(x̂′ δ + x̂ δ′). Taken apart, its first half needs nothing
//! of the backward pass and lets x̂′ go.

use crate::error::GraphError;
use crate::graph::{Binary, Op, ValueId};
use crate::program::Program;
use std::collections::{HashMap, HashSet};

/// A sum is taken apart where its result is smaller than its terms by this factor.
const SMALLER: usize = 16;

/// A sum that was taken apart.
pub(super) struct Split {
    /// The sum, in the program that it was taken from.
    pub sum: ValueId,
    /// Its two terms, in the new one.
    terms: [ValueId; 2],
    /// Their sums.
    halves: [ValueId; 2],
}

impl Split {
    /// Whether one half is computed, in an order of the new program, before the other one's term is there.
    pub fn comes_apart(&self, position: &[usize]) -> bool {
        let at = |v: ValueId| position[v.index()];
        at(self.halves[0]) < at(self.terms[1]) || at(self.halves[1]) < at(self.terms[0])
    }
}

/// Takes those sums apart that are wanted.
pub(super) fn split(
    program: &Program,
    batch: usize,
    wanted: impl Fn(ValueId) -> bool,
) -> Result<(Program, Vec<Split>), GraphError> {
    let g = &program.graph;
    let mut readers = vec![0usize; g.nodes().len()];
    let read = g.nodes().iter().flat_map(|n| &n.operands).chain(program.outputs.iter().map(|o| &o.value));
    read.for_each(|v| readers[v.index()] += 1);
    let size = |v: ValueId| g.shape(v).elements().at(batch);

    // The sums, and by what they sum: it is nobody else's, so it goes.
    let mut apart: HashMap<ValueId, [ValueId; 2]> = HashMap::new();
    let mut gone: HashSet<ValueId> = HashSet::new();
    for v in g.values().filter(|&v| wanted(v)) {
        let (Op::Sum(_), &[x]) = (&g.node(v).op, g.node(v).operands.as_slice()) else { continue };
        let (Op::Binary(Binary::Add), &[a, b]) = (&g.node(x).op, g.node(x).operands.as_slice()) else { continue };
        if readers[x.index()] == 1 && a != b && size(v) * SMALLER <= size(x) {
            apart.insert(v, [a, b]);
            gone.insert(x);
        }
    }

    let mut graph = g.declarations();
    let mut map: HashMap<ValueId, ValueId> = HashMap::new();
    let mut splits = Vec::new();
    for v in g.values().filter(|v| !gone.contains(v)) {
        let node = g.node(v);
        let mut append = |op: Op, x: Vec<ValueId>| graph.append(op, x, node.shape.clone(), node.kind);
        let fresh = match apart.get(&v) {
            Some(terms) => {
                let terms = terms.map(|t| map[&t]);
                let halves = [append(node.op.clone(), vec![terms[0]])?, append(node.op.clone(), vec![terms[1]])?];
                splits.push(Split { sum: v, terms, halves });
                append(Op::Binary(Binary::Add), halves.to_vec())?
            }
            None => append(node.op.clone(), node.operands.iter().map(|o| map[o]).collect())?,
        };
        map.insert(v, fresh);
    }
    let mut outputs = program.outputs.clone();
    outputs.iter_mut().for_each(|o| o.value = map[&o.value]);
    Ok((Program { graph, outputs, ..program.clone() }, splits))
}
