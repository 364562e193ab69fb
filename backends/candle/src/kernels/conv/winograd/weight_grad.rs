//! The weight gradient: Gᵀ [Σ (A y Aᵀ) ⊙ (Bᵀ x B)] G, the sum over all tiles of all samples.
//!
//! As in the direct kernel, the sum is cut into a fixed number of chunks of samples, whose results are added in order.

use super::super::super::Real;
use super::super::super::error::Result;
use super::super::super::scratch::with_scratch;
use super::super::super::simd::{Correlation, Kernels, ROWS, VECTORS, widest, winograd_scratch};
use super::super::shape::ConvShape;
use super::{Moved, tiles};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles to sum over at once: adding up the lanes of twelve sums costs as much as a few hundred tiles.
const WANTED: usize = 1152;
/// Tasks to aim for where the batch is small.
const TASKS: usize = 8;
/// Partial results.
const CHUNKS: usize = 16;
/// Input and output channels together, beyond which so many transformed tiles leave the caches and the direct kernel is as fast.
const CHANNELS: usize = 96;

/// Whether this is the better way.
pub fn suits<T: Real>(s: &ConvShape) -> bool {
    super::suits::<T>(s) && s.in_channels + s.out_channels <= CHANNELS
}

/// [`conv2d_weight_grad`](super::super::conv2d_weight_grad) for a shape that [`suits`].
///
/// # Errors
/// As [`conv2d_weight_grad`](super::super::conv2d_weight_grad).
pub fn conv2d_weight_grad<T: Real>(s: &ConvShape, x: &[T], gy: &[T], gw: &mut [T], accumulate: bool) -> Result {
    s.check("weight gradient of a convolution", x.len(), gw.len(), gy.len())?;
    let kernels = widest::<T>();
    let pairs = s.out_channels * s.in_channels;
    let samples = (WANTED / tiles(s).iter().product::<usize>()).min(s.batch / TASKS).max(1);
    let sets = s.batch.div_ceil(samples);
    let chunks = sets.min(CHUNKS);
    with_scratch(chunks * 16 * pairs, |partial: &mut [T]| {
        partial.par_chunks_mut(16 * pairs).enumerate().for_each(|(chunk, sums)| {
            sums.fill(T::ZERO);
            for set in sets * chunk / chunks..sets * (chunk + 1) / chunks {
                add_set(s, kernels, set * samples..((set + 1) * samples).min(s.batch), x, gy, sums);
            }
        });
        let partial = &*partial;
        gw.par_chunks_mut(9).enumerate().with_min_len(64).for_each(|(pair, out)| {
            let total = |place: usize| {
                let of = |chunk: usize| partial[(chunk * 16 + place) * pairs + pair];
                (1..chunks).fold(of(0), |sum, chunk| sum + of(chunk))
            };
            let w = transformed_back(std::array::from_fn(total));
            if accumulate {
                out.iter_mut().zip(w).for_each(|(o, w)| *o += w);
            } else {
                out.copy_from_slice(&w);
            }
        });
    });
    Ok(())
}

/// Gᵀ u G.
fn transformed_back<T: Real>(u: [T; 16]) -> [T; 9] {
    let half = T::from_f64(0.5);
    let g = |u: [T; 4]| {
        let (sum, difference) = (half * (u[1] + u[2]), half * (u[1] - u[2]));
        [u[0] + sum, difference, sum + u[3]]
    };
    let columns: [[T; 3]; 4] = std::array::from_fn(|j| g([u[j], u[4 + j], u[8 + j], u[12 + j]]));
    let rows: [[T; 3]; 3] = std::array::from_fn(|i| g([columns[0][i], columns[1][i], columns[2][i], columns[3][i]]));
    std::array::from_fn(|ij| rows[ij / 3][ij % 3])
}

/// Adds the part of some samples to `[place][output channel][input channel]`.
fn add_set<T: Real>(s: &ConvShape, kernels: &Kernels<T>, samples: Range<usize>, x: &[T], gy: &[T], sums: &mut [T]) {
    let (outputs, inputs) = (s.out_channels, s.in_channels);
    let layout = Moved::new(s, samples.len(), kernels.lanes);
    with_scratch((outputs + inputs) * layout.channel + winograd_scratch(layout.tiles), |memory: &mut [T]| {
        let (left, rest) = memory.split_at_mut(outputs * layout.channel);
        let (right, work) = rest.split_at_mut(inputs * layout.channel);
        let work = work.as_mut_ptr();
        for (from, channels, size, run, planes) in
            [(gy, outputs, s.output(), 3, &mut *left), (x, inputs, s.input, 0, &mut *right)]
        {
            let len = size[0] * size[1];
            for (c, n) in (0..channels).flat_map(|c| (0..samples.len()).map(move |n| (c, n))) {
                let pixels = from[((samples.start + n) * channels + c) * len..][..len].as_ptr().cast_mut();
                let plane = layout.plane(s, size, (pixels, work), planes, [n, c], false);
                // SAFETY: `kernels` was chosen for this processor; these transforms read the pixels, and planes and work are ours.
                unsafe { kernels.winograd[run](&plane) };
            }
            // Behind the last tile is what filled its vector: it must not count.
            let used = samples.len() * layout.tiles[0] * layout.tiles[1];
            for (c, place) in (0..channels).flat_map(|c| (0..16).map(move |place| (c, place))) {
                let first = c * layout.channel + place * layout.step;
                planes[first + used..first + layout.vectors * kernels.lanes].fill(T::ZERO);
            }
        }
        let offsets: Vec<[usize; 2]> = (0..layout.vectors).map(|v| [v * kernels.lanes; 2]).collect();
        let mut tile_sums = [T::ZERO; ROWS * VECTORS];
        for (place, sums) in sums.chunks_exact_mut(outputs * inputs).enumerate() {
            let at = |channel: usize| channel * layout.channel + place * layout.step;
            for o in (0..outputs).step_by(ROWS) {
                let height = ROWS.min(outputs - o);
                for c in (0..inputs).step_by(VECTORS) {
                    let width = VECTORS.min(inputs - c);
                    let tile = Correlation {
                        steps: offsets.len(),
                        offsets: offsets.as_ptr(),
                        left: std::array::from_fn(|i| left[at(o + i.min(height - 1))..].as_ptr()),
                        right: std::array::from_fn(|j| right[at(c + j.min(width - 1))..].as_ptr()),
                        sums: tile_sums.as_mut_ptr(),
                    };
                    // SAFETY: `kernels` was chosen for this processor; a place holds all vectors, and `tile_sums` the
                    // largest tile.
                    unsafe { kernels.correlate[height - 1][width - 1](&tile) };
                    for i in 0..height {
                        let row = &mut sums[(o + i) * inputs + c..][..width];
                        row.iter_mut().zip(&tile_sums[i * VECTORS..]).for_each(|(o, &s)| *o += s);
                    }
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Disjoint tasks in a fixed order: the same bits whatever the number of threads.
    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        let s = ConvShape {
            batch: 37,
            in_channels: 24,
            out_channels: 26,
            groups: 1,
            input: [9, 11],
            kernel: [3; 2],
            stride: [1; 2],
            padding: [1; 2],
            dilation: [1; 2],
        };
        assert!(suits::<f32>(&s));
        let numbers = |n: usize| (0..n).map(|i| ((i * 37) % 23) as f32 / 7.0 - 1.5).collect::<Vec<_>>();
        let (x, w, gy) = (numbers(s.input_len()), numbers(s.weight_len()), numbers(s.output_len()));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let [mut y, mut gx, mut gw] = [vec![0.0; gy.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
            pool.install(|| {
                super::super::conv2d(&s, &[(&x, &w)], &mut y, false)?;
                super::super::conv2d_input_grad(&s, &[(&gy, &w), (&gy, &w)], &mut gx, false)?;
                conv2d_weight_grad(&s, &x, &gy, &mut gw, false)
            })
            .expect("convolutions");
            [y, gx, gw]
        };
        let one = run(1);
        assert!(one == run(2) && one == run(5));
    }
}
