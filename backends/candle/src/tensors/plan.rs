//! When a value is last read, and how much memory all that is alive takes at most.

use hesse_core::graph::{Graph, Kind, Op, ValueId};
use hesse_core::program::Program;

/// What is known of a program before it runs.
pub(super) struct Plan {
    /// For each value those that nobody reads after it has been computed and delivered.
    pub drops: Vec<Vec<ValueId>>,
    /// The most bytes of computed values at once.
    pub peak: usize,
}

/// Whether the result is, or may be, a view of an operand.
pub(super) fn is_view(op: &Op) -> bool {
    matches!(
        op,
        Op::Input(_)
            | Op::Fill(_)
            | Op::Table(_)
            | Op::Reshape(_)
            | Op::Permute(_)
            | Op::Broadcast { .. }
            | Op::Slice { .. }
    )
}

/// Bytes of a value in memory of its own.
pub(super) fn bytes(g: &Graph, v: ValueId, batch: usize, real: usize) -> usize {
    let each = if g.node(v).kind == Kind::Real { real } else { size_of::<u32>() };
    g.shape(v).elements().at(batch) * each
}

/// Plans a program for a batch size, with numbers of so many bytes.
pub(super) fn plan(program: &Program, batch: usize, real: usize) -> Plan {
    let g = &program.graph;
    let count = g.nodes().len();
    let mut last: Vec<usize> = (0..count).collect();
    for v in g.values() {
        for o in &g.node(v).operands {
            last[o.index()] = last[o.index()].max(v.index());
        }
    }
    let mut drops: Vec<Vec<ValueId>> = vec![Vec::new(); count];
    for v in g.values() {
        drops[last[v.index()]].push(v);
    }
    let own = |v: ValueId| if is_view(&g.node(v).op) { 0 } else { bytes(g, v, batch, real) };
    let (mut alive, mut peak) = (0usize, 0usize);
    for v in g.values() {
        alive += own(v);
        peak = peak.max(alive);
        alive -= drops[v.index()].iter().map(|&d| own(d)).sum::<usize>();
    }
    Plan { drops, peak }
}
