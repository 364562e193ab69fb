//! Normalisations in both modes.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};

fn image(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let x = g.samples(&[1, 4, 4])?;
    let y = g.conv2d("conv", x, 2, &Conv2d::kernel(3).no_bias())?;
    let y = g.batch_norm("norm", y)?;
    let y = g.tanh(y)?;
    let y = g.flatten(y)?;
    g.linear("head", y, 2)
}

fn vector(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let x = g.samples(&[3])?;
    let y = g.linear_no_bias("below", x, 3)?;
    let y = g.batch_norm("norm", y)?;
    let y = g.sigmoid(y)?;
    g.linear("head", y, 3)
}

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("batch norm of images", image),
        Case::train("batch norm of images with batch statistics", image),
        Case::new("batch norm of vectors", vector),
        Case::train("batch norm of vectors with batch statistics", vector).at_least(3),
        Case::new("layer norm", |g| {
            let x = g.samples(&[4])?;
            let y = g.linear("below", x, 4)?;
            let y = g.layer_norm("norm", y)?;
            g.linear("head", y, 3)
        }),
        Case::new("layer norm over tokens", |g| {
            let x = g.samples(&[2, 3])?;
            let y = g.linear("below", x, 3)?;
            let y = g.layer_norm("norm", y)?;
            let y = g.silu(y)?;
            let y = g.flatten(y)?;
            g.linear("head", y, 2)
        }),
        Case::new("normalised pixels", |g| {
            let x = g.samples(&[2, 2, 2])?;
            let y = g.normalize(x, &[0.4, -0.1], &[0.5, 2.0])?;
            let y = g.flatten(y)?;
            let y = g.linear("below", y, 3)?;
            let y = g.tanh(y)?;
            g.linear("head", y, 3)
        }),
        Case::train("dropout", |g| {
            let x = g.samples(&[4])?;
            let x = g.dropout(x, 0.25)?;
            let y = g.linear("below", x, 4)?;
            let y = g.tanh(y)?;
            let y = g.dropout(y, 0.5)?;
            g.linear("head", y, 3)
        }),
    ]
}
