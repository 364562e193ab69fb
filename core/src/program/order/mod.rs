//! Another order of a program's computations, in which less is alive at once.
//!
//! The second derivative of a layer's weights has the term ẋ ⊗ δ, the moved input with the kept cotangent. Recording writes it
//! where the backward pass meets the layer, and so every ẋ would have to live from the forward sweep until then: as much
//! memory as all activations. But δ is kept, so the term can be formed as soon as ẋ is there, and ẋ can go. The rule is
//! general: a value moves forward to where its last missing operand appears, if the operands that die with it are at least
//! as large as itself.
//!
//! Decided against: writing the terms in the other order when they are recorded, because which order is better depends on
//! the batch size (where a layer has more weights than the batch has activations, its two terms are better formed at the
//! same time), and an exhaustive search, because this one pass leaves a product little more than its kept values.

mod mover;
mod sums;

use super::Program;
use crate::error::GraphError;
use crate::graph::{Binary, Op, ValueId};
use std::collections::{HashMap, HashSet};

impl Program {
    /// What a backend makes of this program for a batch of this size: of the recorded order and the one in which values move
    /// forward, whichever takes less memory by the backend's own count. (One pass forward cannot promise less.)
    ///
    /// The results agree up to rounding: sums may take their terms the other way round.
    pub fn smallest<T>(&self, batch: usize, make: impl Fn(&Program) -> T, bytes: impl Fn(&T) -> usize) -> T {
        let recorded = make(self);
        // A graph that cannot be rebuilt is not well formed; what `make` says about it is the better message.
        let Ok(program) = self.reordered(batch) else { return recorded };
        let moved = make(&program);
        if bytes(&moved) < bytes(&recorded) { moved } else { recorded }
    }

    /// The same computation with values moved forward.
    fn reordered(&self, batch: usize) -> Result<Program, GraphError> {
        let (all, splits) = sums::split(self, batch, |_| true)?;
        let mut position = vec![0; all.graph.nodes().len()];
        for (at, v) in mover::order(&all, batch).into_iter().enumerate() {
            position[v.index()] = at;
        }
        let helps: HashSet<ValueId> = splits.iter().filter(|s| s.comes_apart(&position)).map(|s| s.sum).collect();
        let (program, _) = sums::split(self, batch, |sum| helps.contains(&sum))?;
        let order = mover::order(&program, batch);
        program.in_order(&order)
    }

    /// The same values in another topological order.
    fn in_order(&self, order: &[ValueId]) -> Result<Program, GraphError> {
        let g = &self.graph;
        let mut graph = g.declarations();
        let mut map: HashMap<ValueId, ValueId> = HashMap::new();
        for &v in order {
            let node = g.node(v);
            let mut operands: Vec<ValueId> = node.operands.iter().map(|o| map[o]).collect();
            // A backend adds the later of two products into the earlier one.
            if node.op == Op::Binary(Binary::Add) {
                operands.sort_unstable();
            }
            map.insert(v, graph.append(node.op.clone(), operands, node.shape.clone(), node.kind)?);
        }
        let mut outputs = self.outputs.clone();
        outputs.iter_mut().for_each(|o| o.value = map[&o.value]);
        Ok(Program { graph, outputs, ..self.clone() })
    }
}
