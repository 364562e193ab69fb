//! Splitting a derivative into the part that depends on the direction and the part that does not.
//!
//! The primal part runs once per batch and its values are kept while memory allows; the tangent part runs for every
//! product. What is kept decides the memory of a product, so values that cost little to form again from other kept
//! values (reshapes, broadcasts, a mask from an activation) are formed again instead.

use super::prune::{dependents, reachable};
use crate::error::GraphError;
use crate::graph::{Graph, Op, Source, ValueId};
use std::collections::{HashMap, HashSet};

/// The two graphs; `saved[k]` is the primal value that the tangent graph reads as [`Source::Saved`]`(k)`.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What does not depend on the direction.
    pub primal: Graph,
    /// The kept values, in the primal graph.
    pub saved: Vec<ValueId>,
    /// The outputs that do not depend on the direction, in the primal graph, in the order asked for.
    pub primal_outputs: Vec<Option<ValueId>>,
    /// What depends on the direction.
    pub tangent: Graph,
    /// The outputs that depend on the direction, in the tangent graph.
    pub tangent_outputs: Vec<Option<ValueId>>,
}

fn is_direction(op: &Op) -> bool {
    matches!(op, Op::Input(Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent))
}

/// Available to the tangent graph without being kept.
fn is_free(op: &Op) -> bool {
    matches!(op, Op::Input(_) | Op::Fill(_) | Op::Table(_))
}

/// Costs no arithmetic worth mentioning.
fn is_view(op: &Op) -> bool {
    matches!(op, Op::Reshape(_) | Op::Broadcast { .. })
}

/// Splits the part of `g` that `outputs` need.
///
/// # Errors
/// Never for a well-formed graph.
pub fn split(g: &Graph, outputs: &[ValueId]) -> Result<Parts, GraphError> {
    let used = reachable(g, outputs);
    let moves = dependents(g, g.values().filter(|v| is_direction(&g.node(*v).op)));

    // Primal values that the tangent part reads, seen through views.
    let mut wanted: Vec<ValueId> = Vec::new();
    let through = |mut v: ValueId| {
        while is_view(&g.node(v).op) {
            v = g.node(v).operands[0];
        }
        v
    };
    for v in g.values().filter(|v| used[v.index()] && moves[v.index()]) {
        for &o in &g.node(v).operands {
            let o = through(o);
            if !moves[o.index()] && !is_free(&g.node(o).op) && !wanted.contains(&o) {
                wanted.push(o);
            }
        }
    }
    let keep = choose(g, &wanted, &through);

    let mut tangent = g.declarations();
    let mut map: HashMap<ValueId, ValueId> = HashMap::new();
    // Values formed again come in topological order because node numbers do.
    let mut again: HashSet<ValueId> = HashSet::new();
    for v in g.values().filter(|v| used[v.index()] && moves[v.index()]) {
        for &o in &g.node(v).operands {
            form_again(g, o, &moves, &keep, &mut again);
        }
    }
    for v in g.values() {
        let node = g.node(v);
        let fresh = if let Some(k) = keep.iter().position(|&s| s == v) {
            tangent.leaf(Source::Saved(k), node.shape.clone(), node.kind)?
        } else if (used[v.index()] && moves[v.index()]) || again.contains(&v) {
            let operands: Vec<ValueId> = node.operands.iter().map(|o| map[o]).collect();
            tangent.append(node.op.clone(), operands, node.shape.clone(), node.kind)?
        } else {
            continue;
        };
        map.insert(v, fresh);
    }
    let tangent_outputs: Vec<Option<ValueId>> =
        outputs.iter().map(|v| if moves[v.index()] { Some(map[v]) } else { None }).collect();

    let fixed: Vec<ValueId> = outputs.iter().copied().filter(|v| !moves[v.index()]).collect();
    let roots: Vec<ValueId> = keep.iter().chain(&fixed).copied().collect();
    let (primal, roots) = super::extract(g, &roots)?;
    let mut rest = roots[keep.len()..].iter().copied();
    let primal_outputs = outputs.iter().map(|v| if moves[v.index()] { None } else { rest.next() }).collect();
    Ok(Parts { primal, saved: roots[..keep.len()].to_vec(), primal_outputs, tangent, tangent_outputs })
}

/// Of the wanted values, those that are kept: all but element-wise ones whose operands are free or kept anyway.
fn choose(g: &Graph, wanted: &[ValueId], through: &impl Fn(ValueId) -> ValueId) -> Vec<ValueId> {
    let hard: Vec<ValueId> = wanted.iter().copied().filter(|v| !g.node(*v).op.is_element_wise()).collect();
    let mut keep = hard;
    for &v in wanted {
        let node = g.node(v);
        let cheap = node.op.is_element_wise()
            && node.operands.iter().all(|&o| {
                let o = through(o);
                is_free(&g.node(o).op) || keep.contains(&o) || (wanted.contains(&o) && o < v)
            });
        if !cheap && !keep.contains(&v) {
            keep.push(v);
        }
    }
    keep.sort_unstable();
    keep
}

fn form_again(g: &Graph, v: ValueId, moves: &[bool], keep: &[ValueId], again: &mut HashSet<ValueId>) {
    if moves[v.index()] || keep.contains(&v) || !again.insert(v) {
        return;
    }
    for &o in &g.node(v).operands {
        form_again(g, o, moves, keep, again);
    }
}
