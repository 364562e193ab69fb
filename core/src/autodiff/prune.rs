//! Dead-code elimination: keeping only what some outputs need.

use crate::error::GraphError;
use crate::graph::{Graph, ValueId};
use std::collections::HashMap;

/// Which nodes the given values depend on, themselves included.
pub fn reachable(g: &Graph, from: &[ValueId]) -> Vec<bool> {
    let mut used = vec![false; g.nodes().len()];
    for v in from {
        used[v.index()] = true;
    }
    for i in (0..used.len()).rev() {
        if used[i] {
            for v in &g.nodes()[i].operands {
                used[v.index()] = true;
            }
        }
    }
    used
}

/// Which nodes depend on the given values, themselves included.
pub(super) fn dependents(g: &Graph, of: impl IntoIterator<Item = ValueId>) -> Vec<bool> {
    let mut depends = vec![false; g.nodes().len()];
    for v in of {
        depends[v.index()] = true;
    }
    for (i, node) in g.nodes().iter().enumerate() {
        depends[i] |= node.operands.iter().any(|v| depends[v.index()]);
    }
    depends
}

/// A graph with the same parameters and buffers and only the nodes that `outputs` need, and the outputs in it.
///
/// # Errors
/// Never for a well-formed graph.
pub fn extract(g: &Graph, outputs: &[ValueId]) -> Result<(Graph, Vec<ValueId>), GraphError> {
    let used = reachable(g, outputs);
    let mut fresh = g.declarations();
    let mut map: HashMap<ValueId, ValueId> = HashMap::new();
    for v in g.values().filter(|v| used[v.index()]) {
        let node = g.node(v);
        let operands: Vec<ValueId> = node.operands.iter().map(|o| map[o]).collect();
        map.insert(v, fresh.append(node.op.clone(), operands, node.shape.clone(), node.kind)?);
    }
    let outputs = outputs.iter().map(|v| map[v]).collect();
    Ok((fresh, outputs))
}
