//! Whole small networks: what the primitives are for.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, Dim, GraphBuilder, Init, ValueId};

/// x + f(x) with two convolutions, as in a residual network; a strided 1×1 shortcut.
fn residual(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let x = g.samples(&[1, 4, 4])?;
    let y = g.scope("block", |g| {
        let y = g.conv2d("conv1", x, 2, &Conv2d::kernel(3).stride(2).padding(1).no_bias())?;
        let y = g.batch_norm("bn1", y)?;
        let y = g.relu(y)?;
        let y = g.conv2d("conv2", y, 2, &Conv2d::kernel(2).padding(1).no_bias())?;
        let y = g.slice(y, 2, 0, 2, 1)?;
        let y = g.slice(y, 3, 1, 3, 1)?;
        let y = g.batch_norm("bn2", y)?;
        let short = g.conv2d("shortcut", x, 2, &Conv2d::kernel(1).stride(2).no_bias())?;
        let y = g.add(y, short)?;
        g.relu(y)
    })?;
    let y = g.global_average_pool(y)?;
    g.linear("fc", y, 2)
}

/// One attention head over three tokens with residual connections and layer norms.
fn attention(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let tokens = g.tokens(&[3])?;
    let x = g.embedding("embed", tokens, 4, 2)?;
    let place = g.parameter("position.weight", &[3, 2], Init::Constant(0.0))?;
    let x = g.add(x, place)?;
    let y = g.layer_norm("norm1", x)?;
    let (q, k, v) = (g.linear_no_bias("q", y, 2)?, g.linear_no_bias("k", y, 2)?, g.linear_no_bias("v", y, 2)?);
    let scores = g.matmul(q, false, k, true)?;
    let scores = g.scale(scores, 0.5f64.sqrt())?;
    let p = g.softmax(scores, 2)?;
    let y = g.matmul(p, false, v, false)?;
    let x = g.add(x, y)?;
    let y = g.layer_norm("norm2", x)?;
    let y = g.linear("mlp", y, 3)?;
    let y = g.gelu(y)?;
    let y = g.mean(y, &[1])?;
    g.linear("head", y, 3)
}

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("residual network", residual),
        Case::train("residual network with batch statistics", residual),
        Case::new("attention block", attention).tokens(4),
        Case::new("two-headed attention over real tokens", |g| {
            let x = g.samples(&[2, 4])?;
            let y = g.linear_no_bias("qkv", x, 6)?;
            let heads = |g: &mut GraphBuilder, from: usize| {
                let part = g.slice(y, 2, from, from + 2, 1)?;
                let part = g.reshape(part, &[Dim::Batch(1), 2.into(), 2.into(), 1.into()])?;
                g.permute(part, &[0, 2, 1, 3])
            };
            let (q, k, v) = (heads(g, 0)?, heads(g, 2)?, heads(g, 4)?);
            let scores = g.matmul(q, false, k, true)?;
            let p = g.softmax(scores, 3)?;
            let y = g.matmul(p, false, v, false)?;
            let y = g.permute(y, &[0, 2, 1, 3])?;
            let y = g.flatten(y)?;
            g.linear("head", y, 2)
        }),
        Case::new("convolution, norm, pool, convolution, pool", |g| {
            let x = g.samples(&[1, 6, 5])?;
            let y = g.conv2d("conv1", x, 2, &Conv2d::kernel(3).padding(1).no_bias())?;
            let y = g.batch_norm("bn", y)?;
            let y = g.gelu(y)?;
            let y = g.max_pool(y, 3, 2, 1)?;
            let y = g.conv2d("conv2", y, 2, &Conv2d::kernel(2).groups(2))?;
            let y = g.softplus(y)?;
            let y = g.average_pool(y, 2, 1, 0, true)?;
            let y = g.flatten(y)?;
            g.linear("head", y, 2)
        }),
        Case::new("a parameter that is not used", |g| {
            let x = g.samples(&[3])?;
            let y = g.linear("below", x, 3)?;
            g.parameter("idle.weight", &[2, 2], Init::Constant(0.0))?;
            let y = g.tanh(y)?;
            g.linear("head", y, 3)
        }),
        Case::new("one layer used twice", |g| {
            let x = g.samples(&[3])?;
            let w = g.parameter("shared.weight", &[3, 3], Init::Constant(0.0))?;
            let y = g.matmul(x, false, w, true)?;
            let y = g.tanh(y)?;
            let y = g.matmul(y, false, w, false)?;
            let y = g.tanh(y)?;
            g.matmul(y, false, w, true)
        }),
        Case::new("outputs of size 1e-4", |g| {
            let x = g.samples(&[3])?;
            let y = g.linear("below", x, 3)?;
            let y = g.tanh(y)?;
            let y = g.linear("head", y, 3)?;
            g.scale(y, 1e-4)
        }),
    ]
}
