//! Reading and writing by index.

use crate::suite::case::Case;
use hesse_core::graph::{Dim, Op};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("embedding", |g| {
            let tokens = g.tokens(&[3])?;
            let y = g.embedding("table", tokens, 5, 2)?;
            let y = g.tanh(y)?;
            let y = g.flatten(y)?;
            g.linear("head", y, 3)
        })
        .tokens(5),
        Case::new("embedding of one token, used also as output layer", |g| {
            let tokens = g.tokens(&[])?;
            let table = g.parameter("table.weight", &[4, 3], hesse_core::graph::Init::Constant(0.0))?;
            let y = g.push(Op::TakeRows, &[table, tokens])?;
            let y = g.tanh(y)?;
            g.matmul(y, false, table, true)
        })
        .tokens(4),
        Case::new("largest entry by gather", |g| {
            let x = g.samples(&[4])?;
            let z = g.linear("below", x, 4)?;
            let index = g.push(Op::ArgMax, &[z])?;
            let index = g.reshape(index, &[Dim::Batch(1), Dim::Fixed(1)])?;
            let top = g.push(Op::Gather, &[z, index])?;
            let y = g.sub(z, top)?;
            let y = g.exp(y)?;
            g.linear("above", y, 3)
        }),
        Case::new("scatter to the largest entry", |g| {
            let x = g.samples(&[3])?;
            let z = g.linear("below", x, 3)?;
            let index = g.push(Op::ArgMax, &[z])?;
            let index = g.reshape(index, &[Dim::Batch(1), Dim::Fixed(1)])?;
            let total = g.sum(z, &[1])?;
            let total = g.tanh(total)?;
            let total = g.reshape(total, &[Dim::Batch(1), Dim::Fixed(1)])?;
            let y = g.push(Op::ScatterAdd(4), &[total, index])?;
            let y = g.mul(y, y)?;
            g.linear("above", y, 3)
        }),
        Case::new("rows gathered per class", |g| {
            // Sums of the samples' features by predicted class, added to every sample: couples the batch.
            let x = g.samples(&[3])?;
            let z = g.linear("below", x, 3)?;
            let class = g.push(Op::ArgMax, &[z])?;
            let z = g.tanh(z)?;
            let sums = g.push(Op::PutRows(3), &[z, class])?;
            let own = g.push(Op::TakeRows, &[sums, class])?;
            let y = g.mul(own, z)?;
            g.linear("above", y, 3)
        }),
        Case::new("one-hot of the largest class as a mask", |g| {
            let x = g.samples(&[3])?;
            let z = g.linear("below", x, 3)?;
            let class = g.push(Op::ArgMax, &[z])?;
            let second = g.push(Op::IndexReplace(2, 0), &[class])?;
            let mask = g.push(Op::OneHot(3), &[second])?;
            let is_one = g.push(Op::IndexEquals(1), &[class])?;
            let is_one = g.reshape(is_one, &[Dim::Batch(1), Dim::Fixed(1)])?;
            let z = g.tanh(z)?;
            let y = g.mul(z, mask)?;
            let other = g.mul(z, is_one)?;
            let y = g.add(y, other)?;
            let y = g.mul(y, z)?;
            g.linear("above", y, 3)
        }),
    ]
}
