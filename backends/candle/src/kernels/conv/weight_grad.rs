//! The adjoint of the convolution in its weights.
//!
//! Every weight's gradient is a sum over all pixels of all samples. The sum is cut into a fixed number of chunks of samples,
//! each with its own result, added up in order at the end: bits do not depend on which thread took which chunk. Inside a
//! chunk, tiles of 4 output channels by 3 (channel, tap) pairs keep their sums in registers over a set of pixels.

use super::super::Real;
use super::super::disjoint::Disjoint;
use super::super::error::Result;
use super::super::scratch::with_scratch;
use super::super::simd::{Correlation, Kernels, ROWS, VECTORS, fitting};
use super::forward::forward_reading;
use super::reading::{Layout, Reading};
use super::sets::{Set, Sets};
use super::shape::ConvShape;
use rayon::prelude::*;
use std::ops::Range;

/// Vectors of pixels in a set: enough to make adding up lanes cheap, few enough for the first-level cache.
const WANTED: usize = 160;
/// Entries of staged pictures that stay in the second-level cache.
const STAGED: usize = 64 * 1024;
/// Tasks to aim for.
const TASKS: usize = 16;
/// Entries of all partial results together, so that memory stays small beside the weights of large networks.
const PARTIAL: usize = 4 << 20;

/// `(x [N,C,H,W], gy [N,O,oh,ow]) → gw [O,C/g,kh,kw]`, added to gw where `accumulate`.
///
/// Work: [`ConvShape::flops`]; memory: up to 16 partial results, at most about 4 million entries unless one is larger, and one
/// block of pictures per thread, all kept for the next call.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn conv2d_weight_grad<T: Real>(shape: &ConvShape, x: &[T], gy: &[T], gw: &mut [T], accumulate: bool) -> Result {
    shape.check("weight gradient of a convolution", x.len(), gw.len(), gy.len())?;
    let s = shape.flattened();
    if gw.is_empty() {
        return Ok(());
    }
    if gy.is_empty() {
        if !accumulate {
            gw.fill(T::ZERO);
        }
        return Ok(());
    }
    let reading = forward_reading(&s);
    let (kernels, layout) = fitting::<T, _>(|lanes| {
        let layout = reading.compact_layout(lanes);
        (layout.lanes(&reading, lanes), layout)
    });
    let [rows, columns] = layout.target(&reading);
    // The output gradient is read along whole vectors; where rows do not fill them, it is staged with zeros behind.
    let left_reading =
        Reading { source: [rows, columns], stride: [1, 1], shifts: vec![[0, 0]], target: [rows, columns] };
    let left = left_reading.layout(kernels.lanes);
    let sets = Sets::new(s.batch, rows, layout.vectors, WANTED, 8);
    let (samples, block) = sets.largest();
    let plane = samples * layout.plane(&reading, block);
    let work = Work {
        channels: (STAGED / plane.max(1)).clamp(1, s.group_inputs()),
        s: &s,
        kernels,
        reading,
        layout,
        left_reading,
        left,
    };

    // Chunks of sets first: they share nothing. Then cuts along output channels, each of which stages the input again.
    let steps = s.batch * rows * work.layout.vectors;
    let chunks = (steps / WANTED).min(PARTIAL / gw.len()).min(sets.count()).clamp(1, 16);
    let panels = s.group_outputs().div_ceil(ROWS);
    let cuts = (TASKS / (chunks * s.groups)).clamp(1, panels.div_ceil(8));
    let per_cut = panels.div_ceil(cuts);
    let task = |i: usize, partial: &Disjoint<'_, T>, fresh: bool| {
        let (chunk, group, cut) = (i / cuts / s.groups, i / cuts % s.groups, i % cuts);
        let range = cut * per_cut * ROWS..((cut + 1) * per_cut * ROWS).min(s.group_outputs());
        if range.is_empty() {
            return;
        }
        let row = s.group_inputs() * s.taps();
        let first = chunk * s.weight_len() + (group * s.group_outputs() + range.start) * row;
        // SAFETY: chunks, groups and cuts tile the partial results.
        let out = unsafe { partial.part(first, range.len() * row) };
        if fresh {
            out.fill(T::ZERO);
        }
        let of_chunk = sets.count() * chunk / chunks..sets.count() * (chunk + 1) / chunks;
        of_chunk.for_each(|i| work.set(sets.get(i), group, range.clone(), x, gy, out));
    };
    let tasks = 0..chunks * s.groups * cuts;
    if chunks == 1 {
        let out = Disjoint::new(gw);
        tasks.into_par_iter().for_each(|i| task(i, &out, !accumulate));
        return Ok(());
    }
    with_scratch(chunks * gw.len(), |partial: &mut [T]| {
        let shared = Disjoint::new(partial);
        tasks.into_par_iter().for_each(|i| task(i, &shared, true));
        let (partial, len) = (&*partial, gw.len());
        gw.par_chunks_mut(4096).enumerate().for_each(|(b, out)| {
            for chunk in 0..chunks {
                let from = chunk * len + b * 4096;
                let part = &partial[from..from + out.len()];
                if chunk == 0 && !accumulate {
                    out.copy_from_slice(part);
                } else {
                    out.iter_mut().zip(part).for_each(|(o, &p)| *o += p);
                }
            }
        });
    });
    Ok(())
}

struct Work<'a, T: Real> {
    s: &'a ConvShape,
    kernels: &'static Kernels<T>,
    reading: Reading,
    layout: Layout,
    left_reading: Reading,
    left: Layout,
    /// Input channels in a block.
    channels: usize,
}

impl<T: Real> Work<'_, T> {
    /// Adds one set's part to the rows `outputs` of a group.
    fn set(&self, set: Set, group: usize, outputs: Range<usize>, x: &[T], gy: &[T], out: &mut [T]) {
        let s = self.s;
        let (inputs, taps) = (s.group_inputs(), s.taps());
        let plane = self.layout.plane(&self.reading, set.rows);
        let left_plane = self.left.plane(&self.left_reading, set.rows);
        let (x_plane, gy_plane) = (s.input[0] * s.input[1], s.output()[0] * s.output()[1]);
        let left_len = if self.left.direct { 0 } else { set.samples * outputs.len() * left_plane };
        let right_len = if self.layout.direct { 0 } else { set.samples * self.channels * plane };
        with_scratch(left_len + right_len, |staged: &mut [T]| {
            let (left_staged, right_staged) = staged.split_at_mut(left_len);
            let first_left = (set.sample * s.groups + group) * s.group_outputs() + outputs.start;
            let (left, left_sample) = if self.left.direct {
                let start = first_left * gy_plane + set.row * self.left.row_step(&self.left_reading);
                (gy[start..].as_ptr(), s.out_channels * gy_plane)
            } else {
                for (i, staged) in left_staged.chunks_exact_mut(left_plane).enumerate() {
                    let (n, o) = (i / outputs.len(), i % outputs.len());
                    let from = (first_left + n * s.out_channels + o) * gy_plane;
                    self.left.stage(&self.left_reading, &gy[from..from + gy_plane], set.row, set.rows, staged);
                }
                (left_staged.as_ptr(), outputs.len() * left_plane)
            };
            let mut offsets = vec![[0usize; 2]; set.samples * set.rows * self.layout.vectors];
            for c in (0..inputs).step_by(self.channels) {
                let block = c..(c + self.channels).min(inputs);
                let first = (set.sample * s.groups + group) * inputs + block.start;
                let (right, right_sample) = if self.layout.direct {
                    let start = first * x_plane + set.row * self.layout.row_step(&self.reading);
                    (x[start..].as_ptr(), s.in_channels * x_plane)
                } else {
                    for (i, staged) in right_staged.chunks_exact_mut(plane).take(set.samples * block.len()).enumerate()
                    {
                        let from = (first + i / block.len() * s.in_channels + i % block.len()) * x_plane;
                        self.layout.stage(&self.reading, &x[from..from + x_plane], set.row, set.rows, staged);
                    }
                    (right_staged.as_ptr(), block.len() * plane)
                };
                self.walk(set, left_sample, right_sample, &mut offsets);
                self.tiles((left, left_plane), (right, plane), &block, outputs.len(), &offsets, &mut out[c * taps..]);
            }
        });
    }

    /// Where each vector of pixels starts, left and right.
    fn walk(&self, set: Set, left_sample: usize, right_sample: usize, offsets: &mut [[usize; 2]]) {
        let left_row = self.left.row_step(&self.left_reading);
        let right_row = self.layout.row_step(&self.reading);
        for (line, offsets) in offsets.chunks_exact_mut(self.layout.vectors).enumerate() {
            let (n, q) = (line / set.rows, line % set.rows);
            for (v, o) in offsets.iter_mut().enumerate() {
                let along = v * self.kernels.lanes;
                *o = [n * left_sample + q * left_row + along, n * right_sample + q * right_row + along];
            }
        }
    }

    /// All tiles of a block: rows of `out` are output channels, its first columns the block's (channel, tap) pairs.
    fn tiles(
        &self,
        (left, left_plane): (*const T, usize),
        (right, right_plane): (*const T, usize),
        block: &Range<usize>,
        outputs: usize,
        offsets: &[[usize; 2]],
        out: &mut [T],
    ) {
        let taps = &self.layout.taps;
        let width = self.s.group_inputs() * taps.len();
        let pairs: Vec<usize> = block
            .clone()
            .flat_map(|c| taps.iter().map(move |&t| (c - block.start) * right_plane + t as usize))
            .collect();
        let mut sums = [T::ZERO; ROWS * VECTORS];
        for o in (0..outputs).step_by(ROWS) {
            let height = ROWS.min(outputs - o);
            let left = std::array::from_fn(|i| left.wrapping_add((o + i.min(height - 1)) * left_plane));
            for (p, shifts) in pairs.chunks(VECTORS).enumerate() {
                let (p, count) = (p * VECTORS, shifts.len());
                let pair = |j: usize| right.wrapping_add(shifts[j.min(count - 1)]);
                let tile = Correlation {
                    steps: offsets.len(),
                    offsets: offsets.as_ptr(),
                    left,
                    right: std::array::from_fn(pair),
                    sums: sums.as_mut_ptr(),
                };
                // SAFETY: `kernels` was chosen for this processor; planes, taps and offsets lie in the staged blocks
                // (or, read in place, in the operands), as their layouts were made for them; `sums` holds the largest tile.
                unsafe { self.kernels.correlate[height - 1][count - 1](&tile) };
                for i in 0..height {
                    let row = &mut out[(o + i) * width + p..][..count];
                    row.iter_mut().zip(&sums[i * VECTORS..]).for_each(|(o, &s)| *o += s);
                }
            }
        }
    }
}
