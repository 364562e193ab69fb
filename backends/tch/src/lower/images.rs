//! Which values are images: what convolutions and pools read and write, and what is combined with it entry by entry.
//!
//! They lie with their channels last in memory. Four-dimensional values of other kinds, such as the heads of attention, do
//! not.

use super::analysis::is_cheap;
use hesse_core::graph::{Graph, Kind, Op, ValueId};

/// A convolution or one of its gradients.
pub(super) fn is_convolution(op: &Op) -> bool {
    matches!(op, Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_))
}

/// The operands and results of a primitive that are images.
fn seeds(g: &Graph, v: ValueId) -> Vec<ValueId> {
    let x = &g.node(v).operands;
    match (&g.node(v).op, &x[..]) {
        (Op::Conv(_) | Op::ConvInputGrad(_), [image, _]) => vec![v, *image],
        (Op::ConvWeightGrad(_), [image, slope]) => vec![*image, *slope],
        (Op::MaxPoolIndex(_), [image]) => vec![*image],
        (Op::AveragePool { .. } | Op::AveragePoolGrad { .. }, [image]) => vec![v, *image],
        _ => Vec::new(),
    }
}

/// For every value, whether it is an image.
pub(super) fn images(g: &Graph) -> Vec<bool> {
    let mut found = vec![false; g.nodes().len()];
    if !g.nodes().iter().any(|n| is_convolution(&n.op)) {
        return found;
    }
    g.values().flat_map(|v| seeds(g, v)).for_each(|v| found[v.index()] = true);
    // Entry by entry, an image makes its partners images; a few passes reach everything.
    loop {
        let mut changed = false;
        for v in g.values() {
            let node = g.node(v);
            let alike = is_cheap(&node.op) || matches!(node.op, Op::Unary(_) | Op::Power(_));
            if !alike || node.kind != Kind::Real || node.shape.rank() != 4 {
                continue;
            }
            let group: Vec<usize> = node.operands.iter().map(|o| o.index()).chain([v.index()]).collect();
            if group.iter().any(|&i| found[i]) && group.iter().any(|&i| !found[i]) {
                group.into_iter().for_each(|i| found[i] = true);
                changed = true;
            }
        }
        if !changed {
            return found;
        }
    }
}
