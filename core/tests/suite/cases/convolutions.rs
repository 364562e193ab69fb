//! Convolutions of every geometry, and its two adjoints used as layers.

use crate::suite::case::Case;
use hesse_core::graph::{Conv2d, Convolution, Init, Op};

/// A convolution of `[channels, h, w]`, a tanh, a mean over the plane and a linear layer.
fn layer(name: &'static str, input: [usize; 3], out: usize, conv: Conv2d) -> Case {
    Case::new(name, move |g| {
        let x = g.samples(&input)?;
        let y = g.conv2d("conv", x, out, &conv)?;
        let y = g.tanh(y)?;
        let y = g.global_average_pool(y)?;
        g.linear("head", y, 3)
    })
}

pub fn cases() -> Vec<Case> {
    let geometry =
        |kernel, stride, padding, dilation| Conv2d { kernel, stride, padding, dilation, ..Conv2d::kernel(1) };
    vec![
        layer("convolution 1×1", [2, 3, 3], 3, Conv2d::kernel(1)),
        layer("convolution 3×3", [2, 4, 5], 2, Conv2d::kernel(3)),
        layer("convolution 3×3 padded", [2, 4, 3], 2, Conv2d::kernel(3).padding(1).no_bias()),
        layer("convolution with stride", [1, 6, 5], 2, Conv2d::kernel(3).stride(2).padding(1)),
        layer("convolution with stride that leaves a rest", [1, 6, 6], 2, Conv2d::kernel(3).stride(2)),
        layer("convolution 1×1 with stride", [2, 5, 4], 2, Conv2d::kernel(1).stride(2)),
        layer("convolution with dilation", [1, 6, 6], 2, Conv2d::kernel(3).dilation(2).padding(1)),
        layer("convolution in two groups", [4, 4, 3], 2, Conv2d::kernel(3).padding(1).groups(2)),
        layer("depthwise convolution", [3, 4, 4], 3, Conv2d::kernel(3).padding(1).groups(3)),
        layer("depthwise convolution, two outputs each", [2, 3, 4], 4, Conv2d::kernel(2).groups(2)),
        layer("rectangular convolution", [2, 5, 6], 2, geometry([2, 3], [2, 1], [1, 2], [1, 2])),
        layer("convolution with a stride above the kernel", [1, 7, 7], 2, Conv2d::kernel(2).stride(3)),
        layer("convolution with a kernel above the image", [1, 2, 3], 2, Conv2d::kernel(5).padding(2)),
        layer("convolution that sees only one window", [2, 3, 3], 2, Conv2d::kernel(3)),
        Case::new("two convolutions with relu", |g| {
            let x = g.samples(&[1, 5, 5])?;
            let y = g.conv2d("first", x, 2, &Conv2d::kernel(3).padding(1))?;
            let y = g.relu(y)?;
            let y = g.conv2d("second", y, 2, &Conv2d::kernel(3).stride(2))?;
            let y = g.flatten(y)?;
            g.linear("head", y, 2)
        }),
        Case::new("transposed convolution", |g| {
            let x = g.samples(&[2, 2, 3])?;
            let w = g.parameter("up.weight", &[2, 2, 3, 3], Init::Constant(0.0))?;
            let c = Convolution {
                input: [4, 6],
                kernel: [3, 3],
                stride: [2, 2],
                padding: [1, 1],
                dilation: [1, 1],
                groups: 1,
            };
            let y = g.push(Op::ConvInputGrad(c), &[x, w])?;
            let y = g.tanh(y)?;
            let y = g.mean(y, &[2, 3])?;
            g.linear("head", y, 3)
        }),
        Case::new("correlation of two images", |g| {
            // The weight gradient as a layer: one filter from the whole batch, added to every sample.
            let x = g.samples(&[2, 4, 4])?;
            let y = g.conv2d("conv", x, 2, &Conv2d::kernel(3).groups(2))?;
            let y = g.tanh(y)?;
            let c = Convolution {
                input: [4, 4],
                kernel: [3, 3],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
                groups: 2,
            };
            let w = g.push(Op::ConvWeightGrad(c), &[x, y])?;
            let w = g.mean(w, &[1, 2, 3])?;
            let y = g.mean(y, &[2, 3])?;
            let y = g.add(y, w)?;
            g.linear("head", y, 3)
        }),
    ]
}
