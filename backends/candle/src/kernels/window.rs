//! The geometry of a pooling window.

use super::conv::windows;
use super::error::{KernelError, Result, expect_len, product};

/// Planes `[planes, height, width]` and the windows that slide over each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PoolShape {
    /// Samples times channels.
    pub planes: usize,
    /// Height and width of a plane.
    pub input: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Border on both sides; must be smaller than the window, so that every window holds a pixel.
    pub padding: [usize; 2],
}

impl PoolShape {
    /// Height and width of the output; 0 along an axis on which the window does not fit.
    pub fn output(&self) -> [usize; 2] {
        std::array::from_fn(|i| windows(self.input[i], self.kernel[i], self.stride[i], self.padding[i], 1))
    }

    pub(super) fn input_plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    pub(super) fn output_plane(&self) -> usize {
        self.output().iter().product()
    }

    /// The pixels that window number `at` covers along an axis, border left out.
    pub(super) fn span(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let start = at * self.stride[axis];
        let clip = |v: usize| v.saturating_sub(self.padding[axis]).min(self.input[axis]);
        clip(start)..clip(start + self.kernel[axis])
    }

    pub(super) fn check(&self, kernel: &'static str, input: usize, output: usize) -> Result {
        let refuse = |reason: &str| Err(KernelError::Shape { kernel, reason: format!("{reason} in {self:?}") });
        if self.stride.contains(&0) || self.kernel.contains(&0) {
            return refuse("a stride or window size is zero");
        }
        if (0..2).any(|i| self.padding[i] >= self.kernel[i]) {
            return refuse("the border is as large as the window");
        }
        let [h, w] = self.input;
        if product(kernel, &[h, w])? > u32::MAX as usize {
            return refuse("a plane has more than 2^32 entries");
        }
        expect_len(kernel, "input", input, product(kernel, &[self.planes, h, w])?)?;
        let [h, w] = self.output();
        expect_len(kernel, "output", output, product(kernel, &[self.planes, h, w])?)
    }
}
