//! Pooling with any window, stride and padding.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, Op, ValueId, Window};

/// A convolution, the pool, and a linear layer.
fn pooled(
    name: &'static str,
    size: [usize; 2],
    pool: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>,
) -> Case {
    Case::new(name, |g| {
        let x = g.samples(&[1, size[0], size[1]])?;
        let y = g.conv2d("conv", x, 2, &Conv2d::kernel(2).no_bias())?;
        let y = g.tanh(y)?;
        let y = pool(g, y)?;
        let y = g.mul(y, y)?;
        let y = g.flatten(y)?;
        g.linear_no_bias("head", y, 2)
    })
}

fn largest(name: &'static str, size: [usize; 2], kernel: usize, stride: usize, padding: usize) -> Case {
    pooled(name, size, move |g, y| g.max_pool(y, kernel, stride, padding))
}

fn mean(name: &'static str, size: [usize; 2], kernel: usize, stride: usize, padding: usize, counted: bool) -> Case {
    pooled(name, size, move |g, y| g.average_pool(y, kernel, stride, padding, counted))
}

pub fn cases() -> Vec<Case> {
    vec![
        largest("maximum over 2×2", [5, 5], 2, 2, 0),
        largest("maximum over 3×3, stride 2, padded", [6, 5], 3, 2, 1),
        largest("maximum over 3×3, stride 1, padded", [4, 4], 3, 1, 1),
        largest("maximum over 2×2, stride 3", [6, 6], 2, 3, 0),
        largest("maximum with a rest", [6, 5], 2, 2, 0),
        largest("maximum over 5×5, mostly padding", [4, 3], 5, 2, 2),
        mean("mean over 2×2", [5, 5], 2, 2, 0, true),
        mean("mean over 3×3, padding counted", [5, 4], 3, 2, 1, true),
        mean("mean over 3×3, padding not counted", [5, 4], 3, 2, 1, false),
        mean("mean over 2×2, stride 3", [6, 6], 2, 3, 0, false),
        mean("overlapping mean", [4, 5], 3, 1, 1, false),
        pooled("mean over the plane", [4, 4], GraphBuilder::global_average_pool),
        pooled("spread over windows", [3, 3], |g, y| {
            // The adjoint of a mean as a layer, with a rectangular window.
            let window = Window { input: [4, 3], kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
            g.push(Op::AveragePoolGrad { window, count_padding: false }, &[y])
        }),
        pooled("maximum over a rectangle", [5, 4], |g, y| {
            let window = Window { input: [4, 3], kernel: [2, 3], stride: [1, 2], padding: [0, 1] };
            let index = g.push(Op::MaxPoolIndex(window), &[y])?;
            let (all, some) = (g.shape(y).clone(), g.shape(index).clone());
            let plane = |s: &hesse_core::graph::Shape| {
                let d = s.dims();
                vec![d[0], d[1], d[2].times(d[3]).unwrap()]
            };
            let y = g.reshape(y, &plane(&all))?;
            let index = g.reshape(index, &plane(&some))?;
            g.push(Op::Gather, &[y, index])
        }),
    ]
}
