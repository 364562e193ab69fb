//! The convolution and its input gradient: one product of matrices at each of the sixteen places.

use super::super::super::Real;
use super::super::super::disjoint::Disjoint;
use super::super::super::error::Result;
use super::super::super::scratch::with_scratch;
use super::super::super::simd::{Kernels, ROWS, Tile, VECTORS, widest, winograd_scratch};
use super::super::shape::ConvShape;
use super::{Moved, tiles};
use rayon::prelude::*;

/// Tiles that a task takes at once, so that one panel of weights serves many vectors.
const WANTED: usize = 144;
/// Tasks to aim for.
const TASKS: usize = 16;

/// A picture batch with weights.
pub type Operands<'a, T> = (&'a [T], &'a [T]);

/// The sum over pairs `(x, w)` of [`conv2d`](super::super::conv2d), for a shape that [`suits`](super::suits).
///
/// # Errors
/// As [`conv2d`](super::super::conv2d).
pub fn conv2d<T: Real>(s: &ConvShape, pairs: &[Operands<'_, T>], y: &mut [T], accumulate: bool) -> Result {
    pairs.iter().try_for_each(|(x, w)| s.check("convolution", x.len(), w.len(), y.len()))?;
    let channels = [s.in_channels, s.out_channels];
    let position = |m: usize, c: usize| (m * s.in_channels + c) * 9;
    Filter { s, channels, loops: [0, 2], sizes: [s.input, s.output()], accumulate }.run(pairs, position, y);
    Ok(())
}

/// The sum over pairs `(gy, w)` of [`conv2d_input_grad`](super::super::conv2d_input_grad), for a shape that
/// [`suits`](super::suits).
///
/// # Errors
/// As [`conv2d_input_grad`](super::super::conv2d_input_grad).
pub fn conv2d_input_grad<T: Real>(s: &ConvShape, pairs: &[Operands<'_, T>], gx: &mut [T], accumulate: bool) -> Result {
    let check = |(gy, w): &Operands<'_, T>| s.check("input gradient of a convolution", gx.len(), w.len(), gy.len());
    pairs.iter().try_for_each(check)?;
    let channels = [s.out_channels, s.in_channels];
    let position = |m: usize, c: usize| (c * s.in_channels + m) * 9;
    Filter { s, channels, loops: [3, 1], sizes: [s.output(), s.input], accumulate }.run(pairs, position, gx);
    Ok(())
}

/// G w Gᵀ of nine weights.
fn transformed<T: Real>(w: &[T]) -> [T; 16] {
    let half = T::from_f64(0.5);
    let g = |w: [T; 3]| [w[0], half * (w[0] + w[1] + w[2]), half * (w[0] - w[1] + w[2]), w[2]];
    let columns: [[T; 4]; 3] = std::array::from_fn(|j| g([w[j], w[3 + j], w[6 + j]]));
    let rows: [[T; 4]; 4] = std::array::from_fn(|i| g([columns[0][i], columns[1][i], columns[2][i]]));
    std::array::from_fn(|ij| rows[ij / 4][ij % 4])
}

/// Source pictures, transformed, times transformed weights, transformed back. The channels of several sources count as those of one.
struct Filter<'a> {
    s: &'a ConvShape,
    /// Of one source, and of the target.
    channels: [usize; 2],
    /// The transforms of source and target, by place in [`Kernels::winograd`].
    loops: [usize; 2],
    /// Of a source and a target plane.
    sizes: [[usize; 2]; 2],
    accumulate: bool,
}

impl Filter<'_> {
    fn run<T: Real>(
        &self,
        pairs: &[Operands<'_, T>],
        position: impl Fn(usize, usize) -> usize + Sync,
        target: &mut [T],
    ) {
        let [each, to] = self.channels;
        let from = pairs.len() * each;
        let kernels = widest::<T>();
        let count = tiles(self.s).iter().product::<usize>();
        let samples = (WANTED / count).min(self.s.batch / TASKS).max(1);
        let target = Disjoint::new(target);
        with_scratch(16 * from * to, |packed: &mut [T]| {
            // `[place][panel][source channel][row]`
            let shared = Disjoint::new(packed);
            (0..to.div_ceil(ROWS)).into_par_iter().for_each(|panel| {
                let height = ROWS.min(to - panel * ROWS);
                for (c, r) in (0..from).flat_map(|c| (0..height).map(move |r| (c, r))) {
                    let u = transformed(&pairs[c / each].1[position(panel * ROWS + r, c % each)..][..9]);
                    for (place, u) in u.into_iter().enumerate() {
                        let at = (place * to + panel * ROWS) * from + c * height + r;
                        // SAFETY: panels do not overlap.
                        unsafe { shared.part(at, 1)[0] = u };
                    }
                }
            });
            let packed = &*packed;
            (0..self.s.batch.div_ceil(samples)).into_par_iter().for_each(|task| {
                let first = task * samples;
                let count = samples.min(self.s.batch - first);
                self.task(kernels, [first, count], pairs, packed, &target);
            });
        });
    }

    /// The pictures of one task.
    fn task<T: Real>(
        &self,
        kernels: &Kernels<T>,
        [first, samples]: [usize; 2],
        pairs: &[Operands<'_, T>],
        packed: &[T],
        target: &Disjoint<'_, T>,
    ) {
        let [each, to] = self.channels;
        let from = pairs.len() * each;
        let layout = Moved::new(self.s, samples, kernels.lanes);
        with_scratch((from + to) * layout.channel + winograd_scratch(layout.tiles), |memory: &mut [T]| {
            let (moved, rest) = memory.split_at_mut(from * layout.channel);
            let (made, work) = rest.split_at_mut(to * layout.channel);
            let work = work.as_mut_ptr();
            let range = |side: usize, n: usize, c: usize| {
                let size = self.sizes[side];
                let at = ((first + n) * self.channels[side] + c) * size[0] * size[1];
                at..at + size[0] * size[1]
            };
            for (n, c) in (0..from).flat_map(|c| (0..samples).map(move |n| (n, c))) {
                let pixels = pairs[c / each].0[range(0, n, c % each)].as_ptr().cast_mut();
                let plane = layout.plane(self.s, self.sizes[0], (pixels, work), moved, [n, c], false);
                // SAFETY: `kernels` was chosen for this processor; this transform reads the pixels, and planes and work are ours.
                unsafe { kernels.winograd[self.loops[0]](&plane) };
            }
            self.products(kernels, layout, moved, packed, made);
            for (n, c) in (0..to).flat_map(|c| (0..samples).map(move |n| (n, c))) {
                let pixels = range(1, n, c);
                // SAFETY: a target plane belongs to the task of its sample.
                let pixels = unsafe { target.part(pixels.start, pixels.len()) }.as_mut_ptr();
                let plane = layout.plane(self.s, self.sizes[1], (pixels, work), made, [n, c], self.accumulate);
                // SAFETY: as above; the pixels are ours.
                unsafe { kernels.winograd[self.loops[1]](&plane) };
            }
        });
    }

    /// `made[m][place] = Σ_c packed[place][m][c] · moved[c][place]`.
    fn products<T: Real>(&self, kernels: &Kernels<T>, layout: Moved, moved: &[T], packed: &[T], made: &mut [T]) {
        let (to, Moved { vectors, step, channel, .. }) = (self.channels[1], layout);
        let from = moved.len() / channel;
        let offsets: Vec<u32> = (0..from).map(|c| (c * channel) as u32).collect();
        for place in 0..16 {
            for v in (0..vectors).step_by(VECTORS) {
                let width = VECTORS.min(vectors - v);
                let at = |j: usize| place * step + (v + j.min(width - 1)) * kernels.lanes;
                for m in (0..to).step_by(ROWS) {
                    let height = ROWS.min(to - m);
                    let (first, last) = (m * channel, (m + height - 1) * channel + at(width - 1) + kernels.lanes);
                    let made = &mut made[first..last];
                    let tile = Tile {
                        taps: from,
                        weights: packed[(place * to + m) * from..][..from * height].as_ptr(),
                        offsets: offsets.as_ptr(),
                        source: std::array::from_fn(|j| moved[at(j)..].as_ptr()),
                        target: std::array::from_fn(|j| made[at(j)..].as_mut_ptr()),
                        stride: channel,
                        add: false,
                    };
                    // SAFETY: `kernels` was chosen for this processor; a channel's planes hold all vectors, and the last
                    // entry that is written was checked above.
                    unsafe { kernels.tile[height - 1][width - 1](&tile) };
                }
            }
        }
    }
}
