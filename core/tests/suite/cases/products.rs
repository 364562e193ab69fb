//! Matrix products: every combination of transposes, with and without a batch axis, with moving factors on both sides.

use crate::suite::case::Case;
use hesse_core::graph::{Dim, Init};

fn batched(name: &'static str, ta: bool, tb: bool) -> Case {
    Case::new(name, move |g| {
        let x = g.samples(&[2, 3])?;
        // Left [B, 2, 4] and right [B, 4, 2], or their transposes, so that left·right is [B, 2, 2].
        let (left, right) = (g.linear("left", x, 4)?, g.linear("right", x, 4)?);
        let left = if ta { g.permute(left, &[0, 2, 1])? } else { left };
        let right = if tb { right } else { g.permute(right, &[0, 2, 1])? };
        let y = g.matmul(left, ta, right, tb)?;
        let y = g.tanh(y)?;
        let y = g.flatten(y)?;
        g.linear("head", y, 3)
    })
}

/// x·A·B with `A`, `B` used as they are or transposed.
fn chain(name: &'static str, ta: bool, tb: bool) -> Case {
    Case::new(name, move |g| {
        let x = g.samples(&[4])?;
        let a = g.parameter("a.weight", if ta { &[3, 4] } else { &[4, 3] }, Init::Constant(0.0))?;
        let b = g.parameter("b.weight", if tb { &[2, 3] } else { &[3, 2] }, Init::Constant(0.0))?;
        let ab = g.matmul(a, ta, b, tb)?;
        let y = g.matmul(x, false, ab, false)?;
        g.tanh(y)
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        batched("batched product", false, false),
        batched("batched product, left transposed", true, false),
        batched("batched product, right transposed", false, true),
        batched("batched product, both transposed", true, true),
        chain("product of parameters", false, false),
        chain("product of parameters, left transposed", true, false),
        chain("product of parameters, right transposed", false, true),
        chain("product of parameters, both transposed", true, true),
        Case::new("product with the batch transposed", |g| {
            // xᵀx over the batch, [4, 4], then back: couples the samples.
            let x = g.samples(&[4])?;
            let y = g.linear("below", x, 3)?;
            let gram = g.matmul(y, true, y, false)?;
            let gram = g.scale(gram, 0.2)?;
            let z = g.matmul(y, false, gram, true)?;
            g.tanh(z)
        }),
        Case::new("linear layer over tokens", |g| {
            let x = g.samples(&[2, 3])?;
            let y = g.linear("mix", x, 3)?;
            let y = g.tanh(y)?;
            let y = g.linear_no_bias("out", y, 2)?;
            g.reshape(y, &[Dim::Batch(1), Dim::Fixed(4)])
        }),
    ]
}
