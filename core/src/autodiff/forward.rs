//! Forward mode: Jacobian–vector products.

use super::{prune, rules};
use crate::error::GraphError;
use crate::graph::{Graph, ValueId};

/// Appends the tangents of `outputs`, given those of `seeds` (value, tangent), and returns them; nothing where an
/// output does not depend on a seed. A seed may be an inner value: then only what follows it moves. Cost when run:
/// about the arithmetic of the graph between seeds and outputs, twice where both operands of a product move.
///
/// # Errors
/// Where a tangent's shape is not its value's.
pub fn forward(
    g: &mut Graph,
    seeds: &[(ValueId, ValueId)],
    outputs: &[ValueId],
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let wanted = prune::reachable(g, outputs);
    let depends = prune::dependents(g, seeds.iter().map(|s| s.0));
    let mut tangents: Vec<Option<ValueId>> = vec![None; wanted.len()];
    for &(value, tangent) in seeds {
        if g.shape(value) != g.shape(tangent) {
            return Err(GraphError::mismatch("forward", g.shape(value), g.shape(tangent)));
        }
        tangents[value.index()] = Some(tangent);
    }
    let order: Vec<ValueId> = g.values().take(wanted.len()).collect();
    for value in order {
        let i = value.index();
        if !wanted[i] || !depends[i] || tangents[i].is_some() {
            continue;
        }
        let operands: Vec<Option<ValueId>> = g.node(value).operands.iter().map(|o| tangents[o.index()]).collect();
        tangents[i] = rules::jvp(g, value, &operands)?;
    }
    Ok(outputs.iter().map(|v| tangents[v.index()]).collect())
}
