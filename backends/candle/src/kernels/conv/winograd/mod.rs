//! Winograd's convolution F(2×2, 3×3), where rounding may depend on a pixel's place.
//!
//! Sixteen products a tile of four pixels in place of 36, for additions before and after, which pay from a few dozen channels on.
//! All three kernels of a 3×3 convolution without stride are one trilinear form in the transformed operands, with a product of
//! matrices at each of the sixteen places: V = Bᵀ x B, U = G w Gᵀ and Z = A y Aᵀ.
//!
//! Decided against: using it wherever it is faster. Two pixels with the same neighbourhood get results that differ in their last bit,
//! according to where in their tiles they lie. Max pooling over a flat background would then choose its winner by rounding, and a
//! gradient that is zero would have a sign, which moves pixels under an attack. So only derivatives along a direction are computed
//! this way, from which no choice is made: see `lower`. Also decided against: F(4×4, 3×3), with 36 products for 16 pixels, whose
//! rounding is ten times as large.

mod filter;
mod weight_grad;

pub use filter::{Operands, conv2d, conv2d_input_grad};
pub use weight_grad::{conv2d_weight_grad, suits as suits_weight_grad};

use super::super::Real;
use super::super::simd::{BEHIND, Plane};
use super::shape::ConvShape;

/// Channels from which the transforms are small beside the products.
const WORTHWHILE: usize = 24;
/// The most tiles of one picture: beyond it the transformed pictures of a task leave the cache.
const LARGEST: usize = 256;

/// Whether this is the better way.
pub fn suits<T: Real>(s: &ConvShape) -> bool {
    let [down, across] = tiles(s);
    // In double precision results are compared to the last digits.
    size_of::<T>() == 4
        && (s.kernel, s.stride, s.dilation, s.groups) == ([3; 2], [1; 2], [1; 2], 1)
        && s.padding.iter().all(|&p| p <= 2)
        && s.in_channels.min(s.out_channels) >= WORTHWHILE
        && (1..=LARGEST).contains(&(down * across))
        && s.batch > 0
}

/// Tiles down and across a picture.
fn tiles(s: &ConvShape) -> [usize; 2] {
    s.output().map(|n| n.div_ceil(2))
}

/// Where a task keeps some pictures of its samples, transformed: `[channel][place][sample][tile]`.
#[derive(Clone, Copy)]
struct Moved {
    tiles: [usize; 2],
    /// Vectors that the tiles of all samples fill.
    vectors: usize,
    /// From one place to the next.
    step: usize,
    /// From one channel to the next.
    channel: usize,
}

impl Moved {
    fn new(s: &ConvShape, samples: usize, lanes: usize) -> Self {
        let tiles = tiles(s);
        let vectors = (samples * tiles[0] * tiles[1]).div_ceil(lanes);
        // Room behind the last tile, and no power of two from one channel to the next, which would share cache lines.
        let step = vectors * lanes + BEHIND;
        Moved { tiles, vectors, step, channel: 16 * step + 2 * BEHIND }
    }

    /// The tiles of one sample and channel; `size` is that of their pixels.
    fn plane<T>(
        &self,
        s: &ConvShape,
        size: [usize; 2],
        (pixels, work): (*mut T, *mut T),
        planes: &mut [T],
        [sample, channel]: [usize; 2],
        add: bool,
    ) -> Plane<T> {
        let first = channel * self.channel + sample * self.tiles[0] * self.tiles[1];
        let planes = planes[first..][..15 * self.step].as_mut_ptr();
        Plane { tiles: self.tiles, size, padding: s.padding, pixels, planes, step: self.step, work, add }
    }
}
