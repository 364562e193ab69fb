//! Primitives that move entries, and reductions.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, GraphBuilder, Init, Op, Shape, ValueId};

/// A linear layer to `[B, 2, 3]`, the movement, a square (so that the derivative moves too), and a linear layer.
fn moved(name: &'static str, f: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>) -> Case {
    Case::new(name, |g| {
        let x = g.samples(&[2, 2])?;
        let y = g.linear("below", x, 3)?;
        let y = g.tanh(y)?;
        let y = f(g, y)?;
        let y = g.mul(y, y)?;
        let y = g.flatten(y)?;
        g.linear("above", y, 3)
    })
}

pub fn cases() -> Vec<Case> {
    let (batch, fixed) = (Dim::Batch(1), Dim::Fixed);
    vec![
        moved("reshape", move |g, y| g.reshape(y, &[batch, fixed(3), fixed(1), fixed(2)])),
        moved("reshape through the batch", move |g, y| {
            let y = g.reshape(y, &[Dim::Batch(2), fixed(3)])?;
            let y = g.softmax(y, 1)?;
            g.reshape(y, &[batch, fixed(6)])
        }),
        moved("permutation", |g, y| g.permute(y, &[0, 2, 1])),
        moved("permutation with the batch inside", |g, y| {
            let y = g.permute(y, &[2, 0, 1])?;
            let scale = g.parameter("scale.weight", &[3, 1, 1], Init::Constant(1.0))?;
            let y = g.mul(y, scale)?;
            let y = g.tanh(y)?;
            g.permute(y, &[1, 2, 0])
        }),
        moved("broadcast of a row and of a column", |g, y| {
            let row = g.parameter("row.weight", &[3], Init::Constant(0.0))?;
            let column = g.parameter("column.weight", &[2, 1], Init::Constant(0.0))?;
            let y = g.mul(y, row)?;
            let y = g.add(y, column)?;
            g.tanh(y)
        }),
        moved("broadcast into new axes", move |g, y| {
            let total = g.sum(y, &[2])?;
            let shape = Shape::new(vec![fixed(2), batch, fixed(2), fixed(2)])?;
            let wide = g.push(Op::Broadcast { shape, axes: vec![1, 3] }, &[total])?;
            let bend = g.parameter("bend.weight", &[2, 1, 2, 1], Init::Constant(0.0))?;
            let wide = g.mul(wide, bend)?;
            let wide = g.tanh(wide)?;
            g.permute(wide, &[1, 0, 2, 3])
        }),
        moved("concatenation along the last axis", |g, y| {
            let double = g.scale(y, 2.0)?;
            let double = g.tanh(double)?;
            g.concat(2, &[y, double, y])
        }),
        moved("concatenation along a middle axis", |g, y| {
            let row = g.slice(y, 1, 0, 1, 1)?;
            let row = g.exp(row)?;
            g.concat(1, &[row, y])
        }),
        moved("concatenation with a constant", |g, y| {
            let ones = g.fill(0.5, g.shape(y).clone())?;
            g.concat(1, &[ones, y])
        }),
        moved("slice", |g, y| g.slice(y, 2, 1, 3, 1)),
        moved("slice with a step", |g, y| g.slice(y, 2, 0, 3, 2)),
        moved("padding", |g, y| g.pad(y, 2, 1, 2)),
        moved("padding between entries", move |g, y| {
            let shape = Shape::new(vec![batch, fixed(2), fixed(8)])?;
            let op = Op::Pad { start: vec![0, 0, 1], step: vec![1, 1, 3], shape };
            let y = g.push(op, &[y])?;
            g.shift(y, 0.3)
        }),
        moved("slices along two axes at once", move |g, y| {
            let shape = Shape::new(vec![batch, fixed(1), fixed(2)])?;
            g.push(Op::Slice { start: vec![0, 1, 0], step: vec![1, 1, 2], shape }, &[y])
        }),
        moved("sum over the last axis", |g, y| g.sum(y, &[2])),
        moved("sum over a middle axis", |g, y| g.sum(y, &[1])),
        moved("sum over two axes", |g, y| {
            let total = g.sum(y, &[1, 2])?;
            let y = g.sum(y, &[1])?;
            let total = g.reshape(total, &[Dim::Batch(1), Dim::Fixed(1)])?;
            g.mul(y, total)
        }),
        moved("mean over the batch", |g, y| {
            let mean = g.mean(y, &[0])?;
            g.sub(y, mean)
        }),
        moved("mean over everything", |g, y| {
            let mean = g.mean(y, &[0, 1, 2])?;
            g.mul(y, mean)
        }),
    ]
}
