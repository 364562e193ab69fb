//! Layers made of several primitives, with PyTorch's parameter names, defaults and initialisers.
//!
//! Normalisations are composites on purpose: their derivatives then follow from the primitives' rules, and a backend
//! fuses the element-wise parts anyway.

use super::{
    BufferUpdate, Convolution, Dim, DropoutSite, GraphBuilder, Init, Kind, Mode, Op, Scalar, Source, Unary, ValueId,
    Window,
};
use crate::error::GraphError;

/// The geometry of a convolution layer; `Conv2d::kernel(3)` is a plain 3×3 convolution with bias.
#[derive(Debug, Clone)]
pub struct Conv2d {
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Channel groups.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How the weight starts, if not as PyTorch's default.
    pub init: Option<Init>,
}

impl Conv2d {
    /// A square kernel with stride one, no padding, and a bias.
    pub fn kernel(size: usize) -> Self {
        Conv2d {
            kernel: [size; 2],
            stride: [1; 2],
            padding: [0; 2],
            dilation: [1; 2],
            groups: 1,
            bias: true,
            init: None,
        }
    }
    /// The same with another stride.
    pub fn stride(self, stride: usize) -> Self {
        Conv2d { stride: [stride; 2], ..self }
    }
    /// The same with zeros on both sides.
    pub fn padding(self, padding: usize) -> Self {
        Conv2d { padding: [padding; 2], ..self }
    }
    /// The same in groups.
    pub fn groups(self, groups: usize) -> Self {
        Conv2d { groups, ..self }
    }
    /// The same with another distance between taps.
    pub fn dilation(self, dilation: usize) -> Self {
        Conv2d { dilation: [dilation; 2], ..self }
    }
    /// The same without bias.
    pub fn no_bias(self) -> Self {
        Conv2d { bias: false, ..self }
    }
    /// The same with weights that start otherwise.
    pub fn init(self, init: Init) -> Self {
        Conv2d { init: Some(init), ..self }
    }
}

impl GraphBuilder {
    /// `x·Wᵀ + b` over the last axis; parameters `name.weight [out, in]` and `name.bias [out]`.
    pub fn linear(&mut self, name: &str, x: ValueId, out: usize) -> Result<ValueId, GraphError> {
        self.scope(name, |g| g.linear_here(x, out, true))
    }

    /// As [`Self::linear`], without bias.
    pub fn linear_no_bias(&mut self, name: &str, x: ValueId, out: usize) -> Result<ValueId, GraphError> {
        self.scope(name, |g| g.linear_here(x, out, false))
    }

    fn linear_here(&mut self, x: ValueId, out: usize, bias: bool) -> Result<ValueId, GraphError> {
        let shape = self.shape(x).clone();
        let rank = shape.rank();
        let Some(axis) = rank.checked_sub(1) else {
            return Err(GraphError::mismatch("linear", "at least one axis", &shape));
        };
        let inputs = self.size(x, axis)?;
        let w = self.parameter("weight", &[out, inputs], Init::FanIn { fan_in: inputs })?;
        let rows = shape.dims()[..axis].iter().try_fold(Dim::Fixed(1), |n, &d| n.times(d));
        let rows = rows.ok_or_else(|| GraphError::mismatch("linear", "one batch dimension", &shape))?;
        let flat = self.reshape(x, &[rows, Dim::Fixed(inputs)])?;
        let mut y = self.matmul(flat, false, w, true)?;
        if bias {
            let b = self.parameter("bias", &[out], Init::FanIn { fan_in: inputs })?;
            y = self.add(y, b)?;
        }
        let mut dims = shape.dims().to_vec();
        dims[axis] = Dim::Fixed(out);
        self.reshape(y, &dims)
    }

    /// A convolution layer; parameters `name.weight [out, in/groups, kh, kw]` and `name.bias [out]`.
    pub fn conv2d(&mut self, name: &str, x: ValueId, out: usize, layer: &Conv2d) -> Result<ValueId, GraphError> {
        self.scope(name, |g| {
            let (channels, h, w) = (g.size(x, 1)?, g.size(x, 2)?, g.size(x, 3)?);
            if layer.groups == 0 || !channels.is_multiple_of(layer.groups) || !out.is_multiple_of(layer.groups) {
                return Err(GraphError::mismatch(
                    "conv2d",
                    format!("channels divisible by {} groups", layer.groups),
                    channels,
                ));
            }
            let per_group = channels / layer.groups;
            let fan_in = per_group * layer.kernel[0] * layer.kernel[1];
            let shape = [out, per_group, layer.kernel[0], layer.kernel[1]];
            let weight = g.parameter("weight", &shape, layer.init.unwrap_or(Init::FanIn { fan_in }))?;
            let geometry = Convolution {
                input: [h, w],
                kernel: layer.kernel,
                stride: layer.stride,
                padding: layer.padding,
                dilation: layer.dilation,
                groups: layer.groups,
            };
            let y = g.push(Op::Conv(geometry), &[x, weight])?;
            if !layer.bias {
                return Ok(y);
            }
            let b = g.parameter("bias", &[out], Init::FanIn { fan_in })?;
            let b = g.per_channel(b, y)?;
            g.graph.add(y, b)
        })
    }

    /// Repeats a `[C]` vector over the batch and the trailing axes of `like [N, C, …]`.
    pub fn per_channel(&mut self, vector: ValueId, like: ValueId) -> Result<ValueId, GraphError> {
        let shape = self.shape(like).clone();
        self.graph.broadcast(vector, shape, &[1])
    }

    /// Batch norm over axis 1, ε = 1e-5, momentum 0.1; parameters `weight`, `bias`, buffers `running_mean`,
    /// `running_var` (biased variance normalises, unbiased is remembered, as in PyTorch).
    pub fn batch_norm(&mut self, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        const EPSILON: f64 = 1e-5;
        const MOMENTUM: f64 = 0.1;
        self.scope(name, |g| {
            let channels = g.size(x, 1)?;
            let axes: Vec<usize> = (0..g.shape(x).rank()).filter(|&a| a != 1).collect();
            let gamma = g.parameter("weight", &[channels], Init::Constant(1.0))?;
            let beta = g.parameter("bias", &[channels], Init::Constant(0.0))?;
            let (mean_index, running_mean) = g.buffer("running_mean", &[channels], 0.0)?;
            let (var_index, running_var) = g.buffer("running_var", &[channels], 1.0)?;
            let (mean, variance) = match g.mode() {
                Mode::Eval => (running_mean, running_var),
                Mode::Train => {
                    let mean = g.mean(x, &axes)?;
                    let spread = g.per_channel(mean, x)?;
                    let centred = g.sub(x, spread)?;
                    let squares = g.mul(centred, centred)?;
                    let variance = g.mean(squares, &axes)?;
                    let count = g.count(x, &axes)?;
                    let unbiased = g.unbiased(variance, count)?;
                    g.remember(mean_index, running_mean, mean, MOMENTUM)?;
                    g.remember(var_index, running_var, unbiased, MOMENTUM)?;
                    (mean, variance)
                }
            };
            let shifted = g.shift(variance, EPSILON)?;
            let deviation = g.sqrt(shifted)?;
            let inverse = g.unary(Unary::Reciprocal, deviation)?;
            let spread = g.per_channel(mean, x)?;
            let centred = g.sub(x, spread)?;
            let inverse = g.per_channel(inverse, x)?;
            let normal = g.mul(centred, inverse)?;
            let (gamma, beta) = (g.per_channel(gamma, x)?, g.per_channel(beta, x)?);
            let scaled = g.mul(normal, gamma)?;
            g.add(scaled, beta)
        })
    }

    /// variance · n/(n − 1) with n = `count`, written as variance / (1 − 1/n) because n depends on the batch.
    fn unbiased(&mut self, variance: ValueId, count: Dim) -> Result<ValueId, GraphError> {
        let shape = self.shape(variance).clone();
        let one = self.fill(1.0, shape)?;
        let share = self.push(Op::Scale { factor: Scalar(-1.0), divisor: count }, &[one])?;
        let rest = self.shift(share, 1.0)?;
        self.div(variance, rest)
    }

    fn remember(&mut self, buffer: usize, old: ValueId, new: ValueId, momentum: f64) -> Result<(), GraphError> {
        let kept = self.scale(old, 1.0 - momentum)?;
        let fresh = self.scale(new, momentum)?;
        let value = self.add(kept, fresh)?;
        self.graph.updates.push(BufferUpdate { buffer, value });
        Ok(())
    }

    /// Layer norm over the last axis, ε = 1e-5; parameters `weight` and `bias`.
    pub fn layer_norm(&mut self, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        self.scope(name, |g| {
            let shape = g.shape(x).clone();
            let Some(axis) = shape.rank().checked_sub(1) else {
                return Err(GraphError::mismatch("layer_norm", "at least one axis", &shape));
            };
            let size = g.size(x, axis)?;
            let gamma = g.parameter("weight", &[size], Init::Constant(1.0))?;
            let beta = g.parameter("bias", &[size], Init::Constant(0.0))?;
            let leading: Vec<usize> = (0..axis).collect();
            let mean = g.mean(x, &[axis])?;
            let mean = g.graph.broadcast(mean, shape.clone(), &leading)?;
            let centred = g.sub(x, mean)?;
            let squares = g.mul(centred, centred)?;
            let variance = g.mean(squares, &[axis])?;
            let shifted = g.shift(variance, 1e-5)?;
            let inverse = g.power(shifted, -0.5)?;
            let inverse = g.graph.broadcast(inverse, shape, &leading)?;
            let normal = g.mul(centred, inverse)?;
            let scaled = g.mul(normal, gamma)?;
            g.add(scaled, beta)
        })
    }

    fn window(&self, x: ValueId, kernel: usize, stride: usize, padding: usize) -> Result<Window, GraphError> {
        let input = [self.size(x, 2)?, self.size(x, 3)?];
        Ok(Window { input, kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2] })
    }

    /// The maximum over square windows of `[N, C, H, W]`.
    pub fn max_pool(
        &mut self,
        x: ValueId,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<ValueId, GraphError> {
        let window = self.window(x, kernel, stride, padding)?;
        let index = self.push(Op::MaxPoolIndex(window), &[x])?;
        let (from, to) = (self.shape(x).dims().to_vec(), self.shape(index).dims().to_vec());
        let plane = |d: &[Dim]| d[2].times(d[3]).map(|p| vec![d[0], d[1], p]);
        let (Some(flat_from), Some(flat_to)) = (plane(&from), plane(&to)) else {
            return Err(GraphError::mismatch("max_pool", "a smaller image", self.shape(x)));
        };
        let x = self.reshape(x, &flat_from)?;
        let index = self.reshape(index, &flat_to)?;
        let y = self.push(Op::Gather, &[x, index])?;
        self.reshape(y, &to)
    }

    /// The mean over square windows of `[N, C, H, W]`.
    pub fn average_pool(
        &mut self,
        x: ValueId,
        kernel: usize,
        stride: usize,
        padding: usize,
        count_padding: bool,
    ) -> Result<ValueId, GraphError> {
        let window = self.window(x, kernel, stride, padding)?;
        self.push(Op::AveragePool { window, count_padding }, &[x])
    }

    /// The mean over the plane: `[N, C, H, W] → [N, C]`.
    pub fn global_average_pool(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.mean(x, &[2, 3])
    }

    /// Zeroes a share of the entries and scales the rest, in train mode.
    pub fn dropout(&mut self, x: ValueId, rate: f64) -> Result<ValueId, GraphError> {
        if !(0.0..1.0).contains(&rate) {
            return Err(GraphError::mismatch("dropout", "a rate in [0, 1)", rate));
        }
        if self.mode() == Mode::Eval || rate == 0.0 {
            return Ok(x);
        }
        let shape = self.shape(x).clone();
        let site = self.graph.masks.len();
        self.graph.masks.push(DropoutSite { rate, shape: shape.clone() });
        let mask = self.graph.leaf(Source::DropoutMask(site), shape, Kind::Real)?;
        self.mul(x, mask)
    }

    /// Rows of a learned table, `index […] → […, width]`; parameter `name.weight [count, width]`.
    pub fn embedding(&mut self, name: &str, index: ValueId, count: usize, width: usize) -> Result<ValueId, GraphError> {
        self.scope(name, |g| {
            let table = g.parameter("weight", &[count, width], Init::Normal(1.0))?;
            g.push(Op::TakeRows, &[table, index])
        })
    }

    /// `(x − mean) / deviation` per channel, for inputs `[N, C, …]`.
    pub fn normalize(&mut self, x: ValueId, mean: &[f64], deviation: &[f64]) -> Result<ValueId, GraphError> {
        let channels = self.size(x, 1)?;
        if mean.len() != channels || deviation.len() != channels || deviation.contains(&0.0) {
            return Err(GraphError::mismatch(
                "normalize",
                format!("{channels} means and {channels} non-zero deviations"),
                format!("{} and {}", mean.len(), deviation.len()),
            ));
        }
        let mean = self.table(mean)?;
        let mean = self.per_channel(mean, x)?;
        let scale = self.table(&deviation.iter().map(|d| 1.0 / d).collect::<Vec<_>>())?;
        let scale = self.per_channel(scale, x)?;
        let centred = self.sub(x, mean)?;
        self.mul(centred, scale)
    }
}
