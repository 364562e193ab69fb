//! Multi-head self-attention.

use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, GraphBuilder, ValueId};

/// `[B, T, W] → [B, T, W]`: softmax(QKᵀ/√d) V in each head, then a linear layer.
///
/// # Errors
/// Where the width is no multiple of the number of heads.
pub(crate) fn attention(g: &mut GraphBuilder, x: ValueId, heads: usize) -> Result<ValueId, GraphError> {
    let (tokens, width) = (g.size(x, 1)?, g.size(x, 2)?);
    if heads == 0 || !width.is_multiple_of(heads) {
        return Err(GraphError::mismatch("attention", format!("a number of heads that divides {width}"), heads));
    }
    let each = width / heads;
    let batch = Dim::Batch(1);
    let qkv = g.linear("qkv", x, 3 * width)?;
    let part = |g: &mut GraphBuilder, i: usize| {
        let y = g.slice(qkv, 2, i * width, (i + 1) * width, 1)?;
        let y = g.reshape(y, &[batch, Dim::Fixed(tokens), Dim::Fixed(heads), Dim::Fixed(each)])?;
        g.permute(y, &[0, 2, 1, 3])
    };
    let (q, k, v) = (part(g, 0)?, part(g, 1)?, part(g, 2)?);
    let scores = g.matmul(q, false, k, true)?;
    let scores = g.scale(scores, 1.0 / (each as f64).sqrt())?;
    let weights = g.softmax(scores, 3)?;
    let y = g.matmul(weights, false, v, false)?;
    let y = g.permute(y, &[0, 2, 1, 3])?;
    let y = g.reshape(y, &[batch, Dim::Fixed(tokens), Dim::Fixed(width)])?;
    g.linear("proj", y, width)
}
