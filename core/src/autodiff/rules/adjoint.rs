//! Adjoints of the primitives that are linear in each real operand.

use crate::error::GraphError;
use crate::graph::{Binary, Dim, Graph, Node, Op, ValueId};

/// Cotangents of the operands; see [`super::vjp`].
pub(super) fn vjp(g: &mut Graph, node: &Node, c: ValueId, needed: &[bool]) -> Result<Vec<Option<ValueId>>, GraphError> {
    let x = &node.operands;
    let wants = |i: usize| needed.get(i).copied().unwrap_or(false);
    let one = |value: Result<ValueId, GraphError>| value.map(|v| vec![Some(v)]);
    let with_index = |value: Result<ValueId, GraphError>| value.map(|v| vec![Some(v), None]);
    match &node.op {
        Op::Scale { .. } => one(g.push(node.op.clone(), &[c])),
        Op::Shift(_) => Ok(vec![Some(c)]),
        Op::Binary(Binary::Add) => Ok(vec![Some(c); 2]),
        Op::Binary(Binary::Sub) => Ok(vec![Some(c), if wants(1) { Some(g.scale(c, -1.0)?) } else { None }]),
        Op::Binary(Binary::Mul) => pair(wants, |i| g.mul(c, x[1 - i])),
        Op::MatMul { transpose_a, transpose_b } => {
            let (ta, tb) = (*transpose_a, *transpose_b);
            pair(wants, |i| match (i, ta, tb) {
                // y = op(a)·op(b): ā = c·op(b)ᵀ, transposed where a was; b̄ = op(a)ᵀ·c, likewise.
                (0, false, _) => g.push(Op::MatMul { transpose_a: false, transpose_b: !tb }, &[c, x[1]]),
                (0, true, _) => g.push(Op::MatMul { transpose_a: tb, transpose_b: true }, &[x[1], c]),
                (_, _, false) => g.push(Op::MatMul { transpose_a: !ta, transpose_b: false }, &[x[0], c]),
                (_, _, true) => g.push(Op::MatMul { transpose_a: true, transpose_b: ta }, &[c, x[0]]),
            })
        }
        Op::Conv(k) => pair(wants, |i| match i {
            0 => g.push(Op::ConvInputGrad(k.clone()), &[c, x[1]]),
            _ => g.push(Op::ConvWeightGrad(k.clone()), &[x[0], c]),
        }),
        Op::ConvInputGrad(k) => pair(wants, |i| match i {
            0 => g.push(Op::Conv(k.clone()), &[c, x[1]]),
            _ => g.push(Op::ConvWeightGrad(k.clone()), &[c, x[0]]),
        }),
        Op::ConvWeightGrad(k) => pair(wants, |i| match i {
            0 => g.push(Op::ConvInputGrad(k.clone()), &[x[1], c]),
            _ => g.push(Op::Conv(k.clone()), &[x[0], c]),
        }),
        Op::AveragePool { window, count_padding } => {
            one(g.push(Op::AveragePoolGrad { window: window.clone(), count_padding: *count_padding }, &[c]))
        }
        Op::AveragePoolGrad { window, count_padding } => {
            one(g.push(Op::AveragePool { window: window.clone(), count_padding: *count_padding }, &[c]))
        }
        Op::Gather => match g.shape(x[0]).last() {
            Dim::Fixed(n) => with_index(g.push(Op::ScatterAdd(n), &[c, x[1]])),
            Dim::Batch(_) => Err(GraphError::mismatch("gather", "a fixed last axis", g.shape(x[0]))),
        },
        Op::ScatterAdd(_) => with_index(g.push(Op::Gather, &[c, x[1]])),
        Op::TakeRows => match g.shape(x[0]).dims().first() {
            Some(Dim::Fixed(rows)) => {
                let rows = *rows;
                with_index(g.push(Op::PutRows(rows), &[c, x[1]]))
            }
            _ => Err(GraphError::mismatch("take_rows", "a fixed table", g.shape(x[0]))),
        },
        Op::PutRows(_) => with_index(g.push(Op::TakeRows, &[c, x[1]])),
        Op::Reshape(_) => one(g.push(Op::Reshape(g.shape(x[0]).clone()), &[c])),
        Op::Permute(p) => {
            let mut inverse = vec![0; p.len()];
            for (i, &a) in p.iter().enumerate() {
                inverse[a] = i;
            }
            one(g.push(Op::Permute(inverse), &[c]))
        }
        Op::Broadcast { shape, axes } => {
            let repeated: Vec<usize> = (0..shape.rank()).filter(|a| !axes.contains(a)).collect();
            one(g.sum(c, &repeated))
        }
        Op::Sum(axes) => {
            let shape = g.shape(x[0]).clone();
            let kept: Vec<usize> = (0..shape.rank()).filter(|a| !axes.contains(a)).collect();
            one(g.broadcast(c, shape, &kept))
        }
        Op::Slice { start, step, .. } => {
            let shape = g.shape(x[0]).clone();
            one(g.push(Op::Pad { start: start.clone(), step: step.clone(), shape }, &[c]))
        }
        Op::Pad { start, step, .. } => {
            let shape = g.shape(x[0]).clone();
            one(g.push(Op::Slice { start: start.clone(), step: step.clone(), shape }, &[c]))
        }
        Op::Concat(axis) => concat(g, *axis, x, c, needed),
        // Nothing flows through comparisons and indices.
        _ => Ok(vec![None; x.len()]),
    }
}

fn pair(
    wants: impl Fn(usize) -> bool,
    mut make: impl FnMut(usize) -> Result<ValueId, GraphError>,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    (0..2).map(|i| if wants(i) { make(i).map(Some) } else { Ok(None) }).collect()
}

fn concat(
    g: &mut Graph,
    axis: usize,
    parts: &[ValueId],
    c: ValueId,
    needed: &[bool],
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let rank = g.shape(c).rank();
    let mut offset = 0;
    let mut out = Vec::with_capacity(parts.len());
    for (i, &part) in parts.iter().enumerate() {
        let shape = g.shape(part).clone();
        let mut start = vec![0; rank];
        start[axis] = offset;
        if let Dim::Fixed(n) = shape.dims()[axis] {
            offset += n;
        }
        out.push(if needed[i] { Some(g.push(Op::Slice { start, step: vec![1; rank], shape }, &[c])?) } else { None });
    }
    Ok(out)
}
