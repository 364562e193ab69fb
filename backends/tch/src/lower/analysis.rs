//! Which values are evaluated inside their users.

use crate::shim::DEEPEST;
use hesse_core::graph::{Graph, Kind, Op, Shape, Unary, ValueId};
use hesse_core::program::Program;

/// Limits of one chain; beyond them a value is stored.
const MOST_LOADS: usize = 16;
const MOST_INSTRUCTIONS: usize = 48;

/// Whether values may be evaluated inside their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fusion {
    /// Wherever it saves a pass over memory: how programs run.
    Chains,
    /// Nowhere: every primitive has a step of its own, so that a fault can be traced to one.
    Nothing,
}

/// How a value repeats a smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repeats {
    /// It does not.
    No,
    /// One number everywhere.
    Number,
    /// A value with these axes of the whole.
    Axes(Vec<usize>),
}

/// What a program's values need.
pub(super) struct Analysis {
    /// Evaluated inside the only user.
    pub inlined: Vec<bool>,
    pub repeats: Vec<Repeats>,
}

/// Cheap enough for a chain.
pub(super) fn is_cheap(op: &Op) -> bool {
    match op {
        Op::Unary(f) => {
            matches!(f, Unary::Relu | Unary::Step | Unary::Abs | Unary::Sign | Unary::Sqrt | Unary::Reciprocal)
        }
        Op::Binary(_) | Op::Scale { .. } | Op::Shift(_) => true,
        _ => false,
    }
}

/// What a chain that ends in a value costs.
#[derive(Clone, Copy)]
struct Cost {
    loads: usize,
    instructions: usize,
    depth: usize,
}

const LOAD: Cost = Cost { loads: 1, instructions: 1, depth: 1 };

pub(super) fn analyse(program: &Program, fusion: Fusion) -> Analysis {
    let g = &program.graph;
    let count = g.nodes().len();
    let mut a = Analysis { inlined: vec![false; count], repeats: vec![Repeats::No; count] };
    for v in g.values() {
        a.repeats[v.index()] = repeats(g, v, &a.repeats, fusion);
    }
    if fusion == Fusion::Nothing {
        return a;
    }
    let mut users: Vec<Vec<ValueId>> = vec![Vec::new(); count];
    for v in g.values() {
        for o in &g.node(v).operands {
            users[o.index()].push(v);
        }
    }
    let mut is_output = vec![false; count];
    for o in &program.outputs {
        is_output[o.value.index()] = true;
    }
    let mut costs = vec![LOAD; count];
    for v in g.values() {
        let node = g.node(v);
        if !is_cheap(&node.op) {
            continue;
        }
        let cost = |a: &Analysis, o: &ValueId| if a.inlined[o.index()] { costs[o.index()] } else { LOAD };
        let mut total = sum(&node.operands.iter().map(|o| cost(&a, o)).collect::<Vec<_>>());
        // Too long: store the longest operand.
        while total.loads > MOST_LOADS || total.instructions > MOST_INSTRUCTIONS || total.depth > DEEPEST {
            let inlined = node.operands.iter().filter(|o| a.inlined[o.index()]);
            let Some(longest) = inlined.max_by_key(|o| costs[o.index()].instructions).copied() else { break };
            a.inlined[longest.index()] = false;
            total = sum(&node.operands.iter().map(|o| cost(&a, o)).collect::<Vec<_>>());
        }
        costs[v.index()] = total;
        let only = match users[v.index()][..] {
            [user] => Some(user),
            _ => None,
        };
        a.inlined[v.index()] = !is_output[v.index()]
            && only.is_some_and(|u| {
                // Small values stay small.
                let same = (a.repeats[u.index()] == Repeats::No) == (a.repeats[v.index()] == Repeats::No);
                is_cheap(&g.node(u).op) && same && g.node(u).operands.iter().filter(|o| **o == v).count() == 1
            });
    }
    a
}

fn sum(operands: &[Cost]) -> Cost {
    let mut total = Cost { loads: 0, instructions: 1, depth: 1 };
    for (below, c) in operands.iter().enumerate() {
        total.loads += c.loads;
        total.instructions += c.instructions;
        total.depth = total.depth.max(below + c.depth);
    }
    total
}

/// Whether a value repeats a small one: a broadcast, or an element-wise function of such, all alike.
fn repeats(g: &Graph, v: ValueId, known: &[Repeats], fusion: Fusion) -> Repeats {
    let node = g.node(v);
    match &node.op {
        Op::Fill(_) => Repeats::Number,
        Op::Broadcast { axes, .. } => Repeats::Axes(axes.clone()),
        op if is_cheap(op) && fusion == Fusion::Chains && node.kind == Kind::Real => {
            let mut all = Repeats::Number;
            for o in &node.operands {
                match (&known[o.index()], &all) {
                    (Repeats::No, _) => return Repeats::No,
                    (Repeats::Number, _) => {}
                    (axes, Repeats::Number) => all = axes.clone(),
                    (axes, found) if axes == found => {}
                    _ => return Repeats::No,
                }
            }
            // A function of numbers alone is rare and needs no care.
            if all == Repeats::Number { Repeats::No } else { all }
        }
        _ => Repeats::No,
    }
}

/// The sizes of the small value behind a repeated one.
pub(super) fn small(shape: &Shape, axes: &[usize], batch: usize) -> Vec<i64> {
    let sizes = shape.at(batch);
    axes.iter().filter_map(|&a| sizes.get(a)).map(|&n| n as i64).collect()
}
