//! Which values are evaluated inside their users, and which are accumulated.

use hesse_core::graph::{Binary, Graph, Kind, Op, Unary, ValueId};
use hesse_core::program::Program;

/// Limits of one fused chain; beyond them a value is stored.
const MOST_LOADS: usize = 12;
const MOST_INSTRUCTIONS: usize = 40;

/// Whether values may be evaluated inside their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fusion {
    /// Wherever it saves memory traffic: how programs run.
    Chains,
    /// Nowhere: every primitive has a step of its own, so that a fault can be traced to one.
    Nothing,
}

/// What a program's values need.
pub(super) struct Analysis {
    /// Evaluated inside the only user.
    pub inlined: Vec<bool>,
    /// Must exist in memory even though it is a broadcast or a constant.
    pub dense: Vec<bool>,
    /// For the second product of a sum of two: the first one, into whose result it accumulates.
    pub accumulates_into: Vec<Option<ValueId>>,
    /// A sum whose terms have been accumulated: it is the first one's buffer.
    pub is_accumulated: Vec<bool>,
}

fn is_product(op: &Op) -> bool {
    matches!(op, Op::MatMul { .. } | Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_))
}

pub(super) fn analyse(program: &Program, fusion: Fusion) -> Analysis {
    let g = &program.graph;
    let count = g.nodes().len();
    let mut users: Vec<Vec<ValueId>> = vec![Vec::new(); count];
    let mut uses = vec![0usize; count];
    for v in g.values() {
        for o in &g.node(v).operands {
            users[o.index()].push(v);
            uses[o.index()] += 1;
        }
    }
    let mut is_output = vec![false; count];
    for o in &program.outputs {
        is_output[o.value.index()] = true;
        uses[o.value.index()] += 1;
    }

    let mut a = Analysis {
        inlined: vec![false; count],
        dense: vec![false; count],
        accumulates_into: vec![None; count],
        is_accumulated: vec![false; count],
    };
    mark_dense(g, &users, &is_output, &mut a);
    if fusion == Fusion::Chains {
        mark_accumulated(g, &uses, &mut a);
        mark_inlined(g, &users, &uses, &mut a);
    }
    a
}

/// Users first: a value is needed in memory where some user is not element-wise, seen through reshapes.
fn mark_dense(g: &Graph, users: &[Vec<ValueId>], is_output: &[bool], a: &mut Analysis) {
    for i in (0..users.len()).rev() {
        a.dense[i] = is_output[i]
            || users[i].iter().any(|u| match &g.node(*u).op {
                Op::Reshape(_) => a.dense[u.index()],
                Op::Sum(_) => false,
                op => !op.is_element_wise(),
            });
    }
}

fn mark_accumulated(g: &Graph, uses: &[usize], a: &mut Analysis) {
    for v in g.values() {
        let node = g.node(v);
        if node.op != Op::Binary(Binary::Add) {
            continue;
        }
        let (first, second) = (node.operands[0], node.operands[1]);
        let single = |x: ValueId| uses[x.index()] == 1;
        let starts = is_product(&g.node(first).op) || a.is_accumulated[first.index()];
        // The second is computed after the first, so the first one's buffer is ready for it.
        if first < second && single(first) && single(second) && starts && is_product(&g.node(second).op) {
            a.is_accumulated[v.index()] = true;
            a.accumulates_into[second.index()] = Some(first);
        }
    }
}

/// Takes a value, and what a reshape stands for, out of its user's chain.
fn store(g: &Graph, a: &mut Analysis, mut v: ValueId) {
    a.inlined[v.index()] = false;
    while let Op::Reshape(_) = g.node(v).op {
        v = g.node(v).operands[0];
        a.inlined[v.index()] = false;
    }
}

/// One cheap instruction on something that is in memory anyway, such as a mask of a kept activation: formed in each of its
/// readers rather than written and read.
fn formed_again(g: &Graph, v: ValueId) -> bool {
    let node = g.node(v);
    let cheap = matches!(node.op, Op::Unary(Unary::Step | Unary::Sign | Unary::Abs | Unary::Relu) | Op::Scale { .. });
    cheap && node.operands.iter().all(|o| matches!(g.node(*o).op, Op::Input(_)))
}

/// Evaluates its operands in its own loop.
fn is_chain(g: &Graph, a: &Analysis, user: ValueId) -> bool {
    let op = &g.node(user).op;
    matches!(op, Op::Sum(_)) || (op.is_element_wise() && !a.is_accumulated[user.index()])
}

fn mark_inlined(g: &Graph, users: &[Vec<ValueId>], uses: &[usize], a: &mut Analysis) {
    let count = users.len();
    // Loads and instructions of the chain that ends in each value.
    let mut loads = vec![1usize; count];
    let mut instructions = vec![1usize; count];
    for v in g.values() {
        let i = v.index();
        let node = g.node(v);
        let element_wise = node.op.is_element_wise() && !a.is_accumulated[i];
        if element_wise || matches!(node.op, Op::Reshape(_)) {
            let size = |a: &Analysis, o: &ValueId| {
                if a.inlined[o.index()] { (loads[o.index()], instructions[o.index()]) } else { (1, 1) }
            };
            let mut total = node.operands.iter().fold((0, 1), |t, o| {
                let s = size(a, o);
                (t.0 + s.0, t.1 + s.1)
            });
            // Too long: store the longest operand.
            while total.0 > MOST_LOADS || total.1 > MOST_INSTRUCTIONS {
                let longest =
                    node.operands.iter().filter(|o| a.inlined[o.index()]).max_by_key(|o| size(a, o).1).copied();
                let Some(longest) = longest else { break };
                let s = size(a, &longest);
                store(g, a, longest);
                total = (total.0 - s.0 + 1, total.1 - s.1 + 1);
            }
            (loads[i], instructions[i]) = total;
        }
        if formed_again(g, v) && !a.dense[i] && users[i].iter().all(|u| is_chain(g, a, *u)) {
            a.inlined[i] = true;
            continue;
        }
        let one_user = uses[i] == 1 && users[i].len() == 1;
        if !one_user || node.kind != Kind::Real {
            continue;
        }
        let user = g.node(users[i][0]);
        let goes_on = match user.op {
            Op::Sum(_) => true,
            Op::Reshape(_) => !a.dense[users[i][0].index()] && uses[users[i][0].index()] == 1,
            _ => user.op.is_element_wise() && !a.is_accumulated[users[i][0].index()],
        };
        let passes = element_wise || (matches!(node.op, Op::Reshape(_)) && a.inlined[node.operands[0].index()]);
        a.inlined[i] = goes_on && passes;
    }
}
