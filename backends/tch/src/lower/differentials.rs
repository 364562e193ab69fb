//! Differentials of functions outside the graph: which of them are formed together, and from which recorded call.

use super::Slot;
use hesse_core::graph::{Differential, External, Graph, Kind, Op, Source, ValueId};
use hesse_core::program::{Program, Role};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A call of a function: the same function on the same operands.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub function: External,
    /// Sizes of the operands.
    pub sizes: Vec<Vec<i64>>,
    /// What the operands are computed from, by which the primal and the tangent part of a product know the same call.
    /// None where they depend on a direction.
    pub key: Option<u64>,
    /// Whether this program differentiates by operand i.
    pub moves: Vec<bool>,
    /// Whether any program may: whoever keeps the call for another records it for all of these.
    pub may_move: Vec<bool>,
}

/// Differentials that are formed together. The reads of the step are the function's operands, then the cotangent, then
/// the tangents.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub call: usize,
    pub cotangent: bool,
    pub directions: Vec<Vec<usize>>,
    pub by: Vec<Option<usize>>,
    /// Where the results after the first go.
    pub more: Vec<Slot>,
}

/// The differentials of a program.
pub(super) struct Found {
    pub calls: Vec<Call>,
    /// For each value the call it belongs to.
    pub of: HashMap<ValueId, usize>,
}

/// Finds all calls.
pub(super) fn find(program: &Program, batch: usize) -> Found {
    let g = &program.graph;
    let mut found = Found { calls: Vec::new(), of: HashMap::new() };
    let keys = if g.external_system().is_some() { keys(program) } else { Vec::new() };
    let mut known: HashMap<(External, Vec<ValueId>), usize> = HashMap::new();
    for v in g.values() {
        let Op::Differential(d) = &g.node(v).op else { continue };
        let own = g.node(v).operands[..d.function.arity].to_vec();
        let call = *known.entry((d.function.clone(), own.clone())).or_insert_with(|| {
            let mut hasher = DefaultHasher::new();
            d.function.hash(&mut hasher);
            let parts: Option<Vec<u64>> = own.iter().map(|o| keys[o.index()]).collect();
            let key = parts.map(|parts| {
                parts.hash(&mut hasher);
                hasher.finish()
            });
            let is_buffer = |o: &ValueId| matches!(g.node(*o).op, Op::Input(Source::Buffer(_)));
            let sizes = |o: &ValueId| g.shape(*o).at(batch).iter().map(|&n| n as i64).collect();
            found.calls.push(Call {
                function: d.function.clone(),
                sizes: own.iter().map(sizes).collect(),
                key,
                moves: vec![false; own.len()],
                may_move: own.iter().map(|o| g.node(*o).kind == Kind::Real && !is_buffer(o)).collect(),
            });
            found.calls.len() - 1
        });
        for &i in d.directions.iter().flatten().chain(&d.by) {
            found.calls[call].moves[i] = true;
        }
        found.of.insert(v, call);
    }
    found
}

/// For each value a number that follows from how it is computed; none where that depends on a direction.
fn keys(program: &Program) -> Vec<Option<u64>> {
    let g = &program.graph;
    let mut kept: HashMap<ValueId, usize> = HashMap::new();
    for output in &program.outputs {
        if let Role::Saved(k) = output.role {
            kept.insert(output.value, k);
        }
    }
    let mut keys: Vec<Option<u64>> = Vec::with_capacity(g.nodes().len());
    for v in g.values() {
        let node = g.node(v);
        let mut hasher = DefaultHasher::new();
        // What the one program keeps is a leaf of the other.
        let op = kept.get(&v).map_or_else(|| node.op.clone(), |k| Op::Input(Source::Saved(*k)));
        op.hash(&mut hasher);
        node.shape.hash(&mut hasher);
        let operands = if kept.contains_key(&v) { &[][..] } else { &node.operands[..] };
        let parts: Option<Vec<u64>> = operands.iter().map(|o| keys[o.index()]).collect();
        let moves =
            matches!(op, Op::Input(Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent));
        keys.push(parts.filter(|_| !moves).map(|parts| {
            parts.hash(&mut hasher);
            hasher.finish()
        }));
    }
    keys
}

/// What a differential reads besides the function's operands.
pub(super) struct Operands<'a> {
    pub of: &'a Differential,
    pub own: &'a [ValueId],
    pub cotangent: Option<ValueId>,
    pub tangents: &'a [ValueId],
}

pub(super) fn operands(g: &Graph, v: ValueId) -> Option<Operands<'_>> {
    let node = g.node(v);
    let Op::Differential(of) = &node.op else { return None };
    let arity = of.function.arity;
    let cotangent = of.cotangent().map(|at| node.operands[at]);
    let tangents = &node.operands[arity + usize::from(cotangent.is_some())..];
    Some(Operands { of, own: &node.operands[..arity], cotangent, tangents })
}

/// The later values that one pass of autograd gives along with `v`: of the same call, along the same directions, with
/// the same cotangent, and with no operand that is not there yet.
pub(super) fn companions(g: &Graph, v: ValueId, of: &HashMap<ValueId, usize>) -> (Vec<ValueId>, Option<ValueId>) {
    let Some(first) = operands(g, v) else { return (Vec::new(), None) };
    let mut cotangent = first.cotangent;
    let mut together = Vec::new();
    // The function itself is there before any derivative of it.
    if first.of.directions.is_empty() && first.of.by.is_none() {
        return (together, cotangent);
    }
    for w in g.values().filter(|w| *w > v && of.get(w) == of.get(&v)) {
        let Some(other) = operands(g, w) else { continue };
        let alike = other.of.directions == first.of.directions && other.tangents == first.tangents;
        let agrees = other.cotangent.is_none_or(|c| c < v && cotangent.is_none_or(|known| known == c));
        if alike && agrees && !(first.of.directions.is_empty() && other.of.by.is_none()) {
            cotangent = cotangent.or(other.cotangent);
            together.push(w);
        }
    }
    (together, cotangent)
}
