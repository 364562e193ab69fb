//! The geometry of a two-dimensional convolution, with the checks that every kernel relies on.

use super::super::error::{KernelError, Result, expect_len, product};

/// Sizes and attributes. Pictures are `[batch, channels, height, width]`, weights `[out, in / groups, kh, kw]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvShape {
    /// Samples.
    pub batch: usize,
    /// Channels of the input, all groups together.
    pub in_channels: usize,
    /// Channels of the output, all groups together.
    pub out_channels: usize,
    /// Independent channel groups.
    pub groups: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
}

impl ConvShape {
    /// Height and width of the output; 0 along an axis on which the kernel does not fit.
    pub fn output(&self) -> [usize; 2] {
        std::array::from_fn(|i| {
            windows(self.input[i], self.kernel[i], self.stride[i], self.padding[i], self.dilation[i])
        })
    }

    /// Floating-point operations of one call, the same for all three kernels; taps on padding count.
    pub fn flops(&self) -> u64 {
        let [oh, ow] = self.output();
        let per_pixel = self.out_channels * self.group_inputs() * self.taps();
        2 * (self.batch * oh * ow) as u64 * per_pixel as u64
    }

    /// Entries of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.input[0] * self.input[1]
    }

    /// Entries of the output.
    pub fn output_len(&self) -> usize {
        let [oh, ow] = self.output();
        self.batch * self.out_channels * oh * ow
    }

    /// Entries of the weights.
    pub fn weight_len(&self) -> usize {
        self.out_channels * self.group_inputs() * self.taps()
    }

    /// Taps of one kernel plane.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Input channels of one group.
    pub(super) fn group_inputs(&self) -> usize {
        self.in_channels / self.groups.max(1)
    }

    /// Output channels of one group.
    pub(super) fn group_outputs(&self) -> usize {
        self.out_channels / self.groups.max(1)
    }

    /// The same convolution with a plane seen as one long row, where the kernel is a single tap that moves over every
    /// pixel: rows then fill vectors whatever the width. Large planes stay, as rows are what tasks are cut along.
    pub(super) fn flattened(&self) -> Self {
        let single = self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0];
        if single && !self.input[1].is_multiple_of(16) && self.input[0] * self.input[1] <= 1 << 13 {
            ConvShape { input: [1, self.input[0] * self.input[1]], ..*self }
        } else {
            *self
        }
    }

    /// Checks the attributes and the lengths of input, weights and output.
    pub(super) fn check(&self, kernel: &'static str, x: usize, w: usize, y: usize) -> Result {
        let refuse = |reason: &str| Err(KernelError::Shape { kernel, reason: format!("{reason} in {self:?}") });
        let divides = |channels: usize| channels.is_multiple_of(self.groups);
        if self.groups == 0 || !divides(self.in_channels) || !divides(self.out_channels) {
            return refuse("groups do not divide the channels");
        }
        if self.stride.contains(&0) || self.dilation.contains(&0) || self.kernel.contains(&0) {
            return refuse("a stride, dilation or kernel size is zero");
        }
        // Staged planes, border and rounding included, must be within reach of the 32-bit tables of offsets.
        let sizes = [self.input, self.kernel, self.stride, self.padding, self.dilation];
        let extent = |i: usize| {
            self.input[i] + 2 * self.padding[i] + (self.kernel[i] + 1) * self.dilation[i] + 64 * self.stride[i]
        };
        if sizes.iter().flatten().any(|&s| s > 1 << 20) || extent(0).saturating_mul(extent(1)) >= 1 << 31 {
            return refuse("a padded plane has more than 2^31 entries");
        }
        let [oh, ow] = self.output();
        product(kernel, &[self.batch, self.in_channels, self.input[0], self.input[1]])?;
        product(kernel, &[self.batch, self.out_channels, oh, ow])?;
        product(kernel, &[self.out_channels, self.in_channels, self.kernel[0], self.kernel[1]])?;
        expect_len(kernel, "input", x, self.input_len())?;
        expect_len(kernel, "weights", w, self.weight_len())?;
        expect_len(kernel, "output", y, self.output_len())
    }
}

/// Windows along one axis, 0 where none fits.
pub(crate) fn windows(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    let span = dilation * kernel.saturating_sub(1) + 1;
    match (input + 2 * padding).checked_sub(span) {
        Some(room) if kernel > 0 && stride > 0 => room / stride + 1,
        _ => 0,
    }
}
