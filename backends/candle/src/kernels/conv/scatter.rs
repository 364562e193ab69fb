//! The input gradient of a convolution without padding, scattered: each output pixel adds to the input pixels it has read.
//!
//! Gathering, as [`super::input_grad`] does it elsewhere, multiplies with zeros wherever a window would begin outside of the
//! output: for a 5×5 kernel on 12×12 pixels more than half of its products, and the pixels of a row of 12 do not fill
//! vectors either. Scattering multiplies what there is. For one tap and four input channels, a tile is a product of
//! weights and output-gradient pixels over all output channels, and its sums are added to the input gradient at a place
//! that the tap shifts: one addition for as many products as there are output channels. So nothing is buffered, as col2im
//! would, and a task owns the planes it adds to.
//!
//! Output rows that fill vectors are read where they are. Others are copied to rows as long as the input's, with zeros
//! behind: then a tap shifts the picture as a whole, vectors may run from one row into the next, and the zeros add nothing.

use super::super::Real;
use super::super::disjoint::Disjoint;
use super::super::scratch::with_scratch;
use super::super::simd::{Kernels, LONG, ROWS, Tile, VECTORS, fitting};
use super::shape::ConvShape;
use rayon::prelude::*;
use std::ops::Range;

/// Output channels from which one addition is small beside the products before it.
const WORTHWHILE: usize = 16;
/// Vectors of pixels in a set, which share the weights that pass by.
const WANTED: usize = 24;
/// Tasks to aim for where the batch is small.
const TASKS: usize = 16;
/// Entries of the largest plane: beyond it a set's pixels would not stay in the second-level cache.
const LARGEST: usize = 1 << 12;
/// Lanes of the widest vector.
const MAX_LANES: usize = 16;

/// Whether scattering is the better way.
pub(super) fn suits(s: &ConvShape) -> bool {
    s.padding == [0, 0]
        && s.stride == [1, 1]
        && s.taps() > 1
        && s.group_outputs() >= WORTHWHILE
        && s.input[0] * s.input[1] <= LARGEST
}

/// `gx (+)= conv_input_grad(gy, w)` for a shape that [`suits`], with lengths checked.
pub(super) fn run<T: Real>(s: &ConvShape, gy: &[T], w: &[T], gx: &Disjoint<'_, T>, accumulate: bool) {
    let [oh, ow] = s.output();
    if s.batch == 0 || s.group_inputs() == 0 {
        return;
    }
    if oh == 0 || ow == 0 {
        if !accumulate {
            // SAFETY: no task has been started.
            unsafe { gx.part(0, s.input_len()) }.fill(T::ZERO);
        }
        return;
    }
    let (kernels, (direct, pitch, pixels)) = fitting::<T, _>(|lanes| {
        // Rows that fill vectors are read in place.
        let direct = ow.is_multiple_of(lanes);
        let pitch = if direct { ow } else { s.input[1] };
        let pixels = (oh - 1) * pitch + ow;
        (pixels.next_multiple_of(lanes), (direct, pitch, pixels))
    });
    let work = Work { s, kernels, direct, pitch, pixels, vectors: pixels.div_ceil(kernels.lanes), accumulate };
    let samples = (WANTED / work.vectors).min(s.batch / TASKS).max(1);
    let sets = s.batch.div_ceil(samples);
    let panels = s.group_inputs().div_ceil(ROWS);
    let cuts = (TASKS / (sets * s.groups)).clamp(1, panels.div_ceil(2));
    let per_cut = panels.div_ceil(cuts);
    with_scratch(w.len(), |packed: &mut [T]| {
        work.pack(w, packed);
        let packed = &*packed;
        (0..sets * s.groups * cuts).into_par_iter().for_each(|i| {
            let (set, group, cut) = (i / cuts / s.groups, i / cuts % s.groups, i % cuts);
            let chosen = cut * per_cut..((cut + 1) * per_cut).min(panels);
            let of = set * samples..((set + 1) * samples).min(s.batch);
            if !chosen.is_empty() {
                work.set(of, group, chosen, gy, packed, gx);
            }
        });
    });
}

struct Work<'a, T: Real> {
    s: &'a ConvShape,
    kernels: &'static Kernels<T>,
    /// Whether the output gradient is read in place.
    direct: bool,
    /// Entries from one row of pixels to the next.
    pitch: usize,
    /// From the first pixel to behind the last, with the gaps between rows.
    pixels: usize,
    /// Of each plane.
    vectors: usize,
    accumulate: bool,
}

impl<T: Real> Work<'_, T> {
    /// Panels of up to four input channels one after the other, each `[tap][output channel][row]`.
    fn pack(&self, w: &[T], packed: &mut [T]) {
        let (s, taps) = (self.s, self.s.taps());
        let (inputs, outputs) = (s.group_inputs(), s.group_outputs());
        let panel = ROWS * taps * outputs;
        let group_len = inputs * taps * outputs;
        packed.par_chunks_mut(group_len).enumerate().for_each(|(group, packed)| {
            packed.par_chunks_mut(panel).enumerate().for_each(|(p, packed)| {
                let height = ROWS.min(inputs - p * ROWS);
                for (i, entry) in packed.iter_mut().enumerate() {
                    let (t, o, c) = (i / height / outputs, i / height % outputs, p * ROWS + i % height);
                    *entry = w[((group * outputs + o) * inputs + c) * taps + t];
                }
            });
        });
    }

    /// All samples of a set, for some panels of one group.
    fn set(
        &self,
        samples: Range<usize>,
        group: usize,
        panels: Range<usize>,
        gy: &[T],
        packed: &[T],
        gx: &Disjoint<'_, T>,
    ) {
        let s = self.s;
        let (inputs, outputs) = (s.group_inputs(), s.group_outputs());
        let plane = s.input[0] * s.input[1];
        if !self.accumulate {
            let channels = panels.start * ROWS..(panels.end * ROWS).min(inputs);
            for n in samples.clone() {
                let first = (n * s.in_channels + group * inputs + channels.start) * plane;
                // SAFETY: the planes of these channels of this set belong to this task.
                unsafe { gx.part(first, channels.len() * plane) }.fill(T::ZERO);
            }
        }
        let [oh, ow] = s.output();
        let gy_plane = oh * ow;
        let staged_plane = self.vectors * self.kernels.lanes;
        let staged_len = if self.direct { 0 } else { samples.len() * outputs * staged_plane };
        with_scratch(staged_len, |staged: &mut [T]| {
            let first = (samples.start * s.out_channels + group * outputs) * gy_plane;
            let (pictures, sample_step, step) = if self.direct {
                (gy[first..].as_ptr(), s.out_channels * gy_plane, gy_plane)
            } else {
                for (i, to) in staged.chunks_exact_mut(staged_plane).enumerate() {
                    let from = first + (i / outputs * s.out_channels + i % outputs) * gy_plane;
                    self.stage(&gy[from..from + gy_plane], to);
                }
                (staged.as_ptr(), outputs * staged_plane, staged_plane)
            };
            let offsets: Vec<u32> = (0..outputs).map(|o| (o * step) as u32).collect();
            self.tiles(samples, group, panels, (pictures, sample_step), &offsets, packed, gx);
        });
    }

    /// Rows with zeros between them, and behind the last.
    fn stage(&self, from: &[T], to: &mut [T]) {
        let ow = self.s.output()[1];
        for (row, to) in from.chunks_exact(ow).zip(to.chunks_mut(self.pitch)) {
            let (inside, behind) = to.split_at_mut(ow);
            inside.copy_from_slice(row);
            behind.fill(T::ZERO);
        }
        to[self.pixels..].fill(T::ZERO);
    }

    /// All tiles of a set, for some panels of one group.
    #[allow(clippy::too_many_arguments)] // private: the state of the loops above
    fn tiles(
        &self,
        samples: Range<usize>,
        group: usize,
        panels: Range<usize>,
        (pictures, sample_step): (*const T, usize),
        offsets: &[u32],
        packed: &[T],
        gx: &Disjoint<'_, T>,
    ) {
        let (s, lanes, outputs) = (self.s, self.kernels.lanes, offsets.len());
        let (inputs, taps) = (s.group_inputs(), s.taps());
        let (width, plane) = (s.input[1], s.input[0] * s.input[1]);
        let shift = |t: usize| (t / s.kernel[1] * s.dilation[0]) * width + t % s.kernel[1] * s.dilation[1];
        let furthest = shift(taps - 1);
        let count = samples.len() * self.vectors;
        let mut spill = [T::ZERO; ROWS * LONG * MAX_LANES];
        for first in (0..count).step_by(VECTORS) {
            let wide = VECTORS.min(count - first);
            let (mut source, mut places) = ([pictures; LONG], [0; VECTORS]);
            let mut inside = true;
            for j in 0..wide {
                let (n, p) = ((first + j) / self.vectors, (first + j) % self.vectors * lanes);
                source[j] = pictures.wrapping_add(n * sample_step + p);
                let place = p / self.pitch * width + p % self.pitch;
                places[j] = ((samples.start + n) * s.in_channels + group * inputs) * plane + place;
                inside &= place + furthest + lanes <= plane;
            }
            for panel in panels.clone() {
                let c = panel * ROWS;
                let height = ROWS.min(inputs - c);
                let weights = &packed[(group * inputs + c) * taps * outputs..][..height * taps * outputs];
                let mut tile = Tile {
                    taps: outputs,
                    weights: weights.as_ptr(),
                    offsets: offsets.as_ptr(),
                    source,
                    target: [std::ptr::null_mut(); LONG],
                    stride: plane,
                    add: true,
                };
                let run = self.kernels.tile[height - 1][wide - 1];
                for (t, weights) in weights.chunks_exact(height * outputs).enumerate() {
                    tile.weights = weights.as_ptr();
                    let at = |j: usize| places[j] + c * plane + shift(t);
                    if inside {
                        for j in 0..wide {
                            tile.target[j] = gx.at(at(j));
                            gx.at(at(j) + (height - 1) * plane + lanes);
                        }
                        // SAFETY: `kernels` was chosen for this processor; the pixels read lie in the output gradient or
                        // its staged copy, whose planes hold whole vectors; those added to lie in planes of this set, group
                        // and panel, which are this task's: first and last were checked above.
                        unsafe { run(&tile) };
                        continue;
                    }
                    for j in 0..wide {
                        tile.target[j] = spill[j * lanes..].as_mut_ptr();
                    }
                    (tile.stride, tile.add) = (LONG * lanes, false);
                    // SAFETY: as above, except that the tile goes to the local buffer, which holds the largest.
                    unsafe { run(&tile) };
                    (tile.stride, tile.add) = (plane, true);
                    for (i, row) in spill.chunks_exact(LONG * lanes).take(height).enumerate() {
                        for (j, sums) in row.chunks_exact(lanes).take(wide).enumerate() {
                            let p = (first + j) % self.vectors * lanes;
                            let sums = &sums[..lanes.min(self.pixels - p)];
                            // SAFETY: pixels of planes that are this task's.
                            let out = unsafe { gx.part(at(j) + i * plane, sums.len()) };
                            out.iter_mut().zip(sums).for_each(|(o, &s)| *o += s);
                        }
                    }
                }
            }
        }
    }
}
