//! Convolution with batch norm, and the basic block made of two of them.

use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, Dim, GraphBuilder, Init, Op, Shape, ValueId};

/// How the input of a block is brought to the shape of its output where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// Every second pixel, and zeros for the new channels: no parameters (He et al.'s option A).
    Pad,
    /// A 1×1 convolution with batch norm, `downsample.0` and `downsample.1` (option B).
    Project,
}

/// Which fan He-normal weights of convolutions take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fan {
    /// Inputs of one unit, as the CIFAR networks' usual code does.
    In,
    /// Outputs that one input reaches, as torchvision does.
    Out,
}

/// What all blocks of a network have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The activation, one of [`hesse_core::graph::ACTIVATIONS`].
    pub activation: &'static str,
    /// Whether batch norm follows every convolution; without it, convolutions have a bias.
    pub batch_norm: bool,
    /// What stands beside the first block of a stage.
    pub shortcut: Shortcut,
    /// How convolutions start.
    pub fan: Fan,
}

impl Block {
    /// A convolution that keeps the image's size up to its stride, with batch norm; `kernel` is odd.
    ///
    /// # Errors
    /// Where `x` is not an image.
    pub fn convolution(
        &self,
        g: &mut GraphBuilder,
        names: [&str; 2],
        x: ValueId,
        out: usize,
        [kernel, stride]: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let from = match self.fan {
            Fan::In => g.size(x, 1)?,
            Fan::Out => out,
        };
        let init = Init::KaimingNormal { fan_in: from * kernel * kernel };
        let layer = Conv2d::kernel(kernel).stride(stride).padding(kernel / 2).init(init);
        if !self.batch_norm {
            return g.conv2d(names[0], x, out, &layer);
        }
        let y = g.conv2d(names[0], x, out, &layer.no_bias())?;
        g.batch_norm(names[1], y)
    }

    /// Two 3×3 convolutions beside a shortcut, in the present scope.
    ///
    /// # Errors
    /// Where `x` is not an image.
    pub fn record(&self, g: &mut GraphBuilder, x: ValueId, out: usize, stride: usize) -> Result<ValueId, GraphError> {
        let y = self.convolution(g, ["conv1", "bn1"], x, out, [3, stride])?;
        let y = g.activation(self.activation, y)?;
        let y = self.convolution(g, ["conv2", "bn2"], y, out, [3, 1])?;
        let channels = g.size(x, 1)?;
        let beside = match self.shortcut {
            _ if stride == 1 && channels == out => x,
            Shortcut::Pad => padded(g, x, out, stride)?,
            Shortcut::Project => self.convolution(g, ["downsample.0", "downsample.1"], x, out, [1, stride])?,
        };
        let y = g.add(y, beside)?;
        g.activation(self.activation, y)
    }
}

/// Every `stride`-th pixel in both directions, with zero channels on both sides.
fn padded(g: &mut GraphBuilder, x: ValueId, out: usize, stride: usize) -> Result<ValueId, GraphError> {
    let (channels, height, width) = (g.size(x, 1)?, g.size(x, 2)?, g.size(x, 3)?);
    let Some(missing) = out.checked_sub(channels) else {
        return Err(GraphError::mismatch("padding shortcut", format!("at most {out} channels"), channels));
    };
    let mut dims = g.shape(x).dims().to_vec();
    dims[2] = Dim::Fixed(height.div_ceil(stride));
    dims[3] = Dim::Fixed(width.div_ceil(stride));
    // Both axes in one primitive: a slice for each would move the large image twice.
    let slice = Op::Slice { start: vec![0; 4], step: vec![1, 1, stride, stride], shape: Shape::new(dims)? };
    let x = g.push(slice, &[x])?;
    g.pad(x, 1, missing / 2, missing - missing / 2)
}
