//! Two convolutions into one result, as one step.
//!
//! The derivative of y = conv(x, w) along a direction is conv(x′, w) + conv(x, w′), and that of its input gradient such a sum as well.
//! Winograd's kernels add before they transform back, which then happens once.

use super::step::{Kernel, Lowered, Step};
use hesse_core::graph::Op;

/// Joins the pairs of a lowered program.
pub(super) fn join(program: &mut Lowered) {
    let mut at = 0;
    while at < program.steps.len() {
        if let Some(first) = partner(&program.steps, at) {
            let first = program.steps.remove(first);
            at -= 1;
            let step = &mut program.steps[at];
            step.reads = first.reads.iter().chain(&step.reads).copied().collect();
            step.kernel = first.kernel;
        }
        at += 1;
    }
}

/// The earlier step that this one adds to, where the two can be one.
fn partner(steps: &[Step], at: usize) -> Option<usize> {
    let step = &steps[at];
    let Kernel::Conv { op, geometry, batch, channels, accumulate: true, linear: true } = &step.kernel else {
        return None;
    };
    if matches!(op, Op::ConvWeightGrad(_)) {
        return None;
    }
    for (i, other) in steps[..at].iter().enumerate().rev() {
        if other.write == step.write {
            let alike = matches!(&other.kernel, Kernel::Conv { op: o, geometry: g, batch: b, channels: c, accumulate: false, .. }
                if (o, g, b, c) == (op, geometry, batch, channels));
            let lasting = |read: &usize| steps[i..at].iter().all(|s| s.write != Some(*read));
            return (alike && other.reads.len() == 2 && other.reads.iter().all(lasting)).then_some(i);
        }
        if step.write.is_some_and(|write| other.reads.contains(&write)) {
            return None;
        }
    }
    None
}
