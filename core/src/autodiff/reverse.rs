//! Reverse mode: vector–Jacobian products.

use super::{prune, rules};
use crate::error::GraphError;
use crate::graph::{Graph, Kind, ValueId};

/// Appends the cotangents of `wrt`, given that of `output`, and returns them; nothing where `output` does not depend
/// on the value. Cost when run: about twice the arithmetic of the forward graph.
///
/// # Errors
/// Where the cotangent's shape is not the output's.
pub fn reverse(
    g: &mut Graph,
    output: ValueId,
    cotangent: ValueId,
    wrt: &[ValueId],
) -> Result<Vec<Option<ValueId>>, GraphError> {
    if g.shape(output) != g.shape(cotangent) {
        return Err(GraphError::mismatch("reverse", g.shape(output), g.shape(cotangent)));
    }
    let depends = prune::dependents(g, wrt.iter().copied());
    let mut cotangents: Vec<Option<ValueId>> = vec![None; output.index() + 1];
    cotangents[output.index()] = Some(cotangent);
    let order: Vec<ValueId> = g.values().take(output.index() + 1).collect();
    for &value in order.iter().rev() {
        let Some(c) = cotangents[value.index()].filter(|_| depends[value.index()]) else { continue };
        if wrt.contains(&value) {
            continue; // differentiation stops here, also where `wrt` names an inner value
        }
        let operands = g.node(value).operands.clone();
        let needed: Vec<bool> = operands.iter().map(|o| depends[o.index()] && g.node(*o).kind == Kind::Real).collect();
        if !needed.contains(&true) {
            continue;
        }
        let parts = rules::vjp(g, value, c, &needed)?;
        for ((operand, part), needed) in operands.iter().zip(parts).zip(needed) {
            if needed && part.is_some() {
                cotangents[operand.index()] = rules::sum(g, cotangents[operand.index()], part)?;
            }
        }
    }
    Ok(wrt.iter().map(|v| cotangents.get(v.index()).copied().flatten()).collect())
}
