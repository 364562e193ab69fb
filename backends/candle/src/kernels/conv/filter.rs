//! Filters a batch of pictures: the engine of the forward convolution and of its input gradient.
//!
//! Filters are packed once per call into panels of four output channels. A task takes a set of output pixels and one
//! group; for each block of source channels it stages the pictures (see [`super::reading`]) and runs the tile loop over
//! all pixels and panels, so a panel's weights stream from the second-level cache past pixels in the first.

use super::super::Real;
use super::super::disjoint::Disjoint;
use super::super::scratch::with_scratch;
use super::super::simd::{Kernels, LONG, LONG_ROWS, ROWS, Tile, VECTORS, fitting, prefetch};
use super::reading::{Layout, Reading};
use super::sets::{Set, Sets};
use rayon::prelude::*;
use std::ops::Range;

/// What to compute: `target[n, g, m, q] (+)= Σ_{c,t} filter[g, m, c, t] · source[n, g, c, q·stride + shift_t]`.
pub(super) struct Filter {
    pub batch: usize,
    pub groups: usize,
    /// Source channels per group (c).
    pub inputs: usize,
    /// Target channels per group (m).
    pub outputs: usize,
    pub reading: Reading,
    /// Entries of a target plane, and where in it output pixel (qy, qx) goes: `origin + qy·row + qx·column`.
    pub plane: usize,
    pub origin: usize,
    pub row: usize,
    pub column: usize,
    pub add: bool,
}

/// Taps (times channels) in a block: the weights of a panel and the pixels of a tile share the first-level cache.
const DEPTH: usize = 640;
/// Entries of packed weights that stay in the second-level cache while pixels pass by.
const RESIDENT: usize = 48 * 1024;
/// Vectors of pixels in a set.
const WANTED: usize = 96;
/// Lanes of the widest vector.
const MAX_LANES: usize = 16;

/// Runs the filter; `position(g, m, c, t)` says where in `weights` that entry stands.
pub(super) fn run<T: Real>(
    f: &Filter,
    source: &[T],
    weights: &[T],
    position: impl Fn([usize; 4]) -> usize + Sync,
    target: &Disjoint<'_, T>,
) {
    let [rows, columns] = f.reading.target;
    if f.batch == 0 || f.groups == 0 || f.outputs == 0 || rows == 0 || columns == 0 {
        return;
    }
    // A plane without gaps may be seen as one long row.
    let whole = f.column == 1 && f.row == columns && f.plane == rows * columns;
    let (kernels, layout) = fitting::<T, _>(|lanes| {
        let layout = if whole { f.reading.compact_layout(lanes) } else { f.reading.layout(lanes) };
        (layout.lanes(&f.reading, lanes), layout)
    });
    let target_rows = layout.target(&f.reading)[0];
    let taps = layout.taps.len();
    let sets = Sets::new(f.batch, target_rows, layout.vectors, WANTED, 16);
    let panels = f.outputs.div_ceil(ROWS);
    // A small batch is cut along channels too, though not so finely that staging costs more than filtering.
    let cuts = (16 / (sets.count() * f.groups)).clamp(1, panels.div_ceil(8));
    let per_cut = panels.div_ceil(cuts);
    let blocks = (f.inputs * taps).div_ceil(DEPTH).clamp(1, f.inputs.max(1));
    // Tables of offsets reach 2^32 entries.
    let reach = ((1 << 32) / layout.plane(&f.reading, sets.largest().1).max(1)).max(1);
    let work = Work { f, kernels, layout, channels: f.inputs.div_ceil(blocks).clamp(1, reach) };
    with_scratch(f.groups * f.outputs * f.inputs * taps, |packed: &mut [T]| {
        work.pack(weights, &position, &Disjoint::new(packed));
        let packed = &*packed;
        (0..sets.count() * f.groups * cuts).into_par_iter().for_each(|i| {
            let (set, group, cut) = (sets.get(i / cuts / f.groups), i / cuts % f.groups, i % cuts);
            let range = cut * per_cut..((cut + 1) * per_cut).min(panels);
            if !range.is_empty() {
                work.set(set, group, range, source, packed, target);
            }
        });
    });
}

struct Work<'a, T: Real> {
    f: &'a Filter,
    kernels: &'static Kernels<T>,
    layout: Layout,
    /// Source channels in a block.
    channels: usize,
}

impl<T: Real> Work<'_, T> {
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        // A filter without channels still writes its zeros.
        (0..self.f.inputs.max(1)).step_by(self.channels).map(|c| c..(c + self.channels).min(self.f.inputs))
    }

    /// Where the panel of `group` that starts with target channel `m` begins, for this block of source channels.
    fn panel(&self, group: usize, block: &Range<usize>, m: usize) -> usize {
        let f = self.f;
        ((group * f.inputs + block.start) * f.outputs + m * block.len()) * self.layout.taps.len()
    }

    fn pack(&self, weights: &[T], position: &(impl Fn([usize; 4]) -> usize + Sync), packed: &Disjoint<'_, T>) {
        let (f, taps) = (self.f, self.layout.taps.len());
        let panels = f.outputs.div_ceil(ROWS);
        let per_panel = ROWS * f.inputs * taps;
        (0..f.groups * panels).into_par_iter().with_min_len((1 << 14) / per_panel.max(1) + 1).for_each(|i| {
            let (group, m) = (i / panels, i % panels * ROWS);
            let height = ROWS.min(f.outputs - m);
            for block in self.blocks() {
                // SAFETY: panels do not overlap: they tile the rows of each block of each group.
                let panel = unsafe { packed.part(self.panel(group, &block, m), height * block.len() * taps) };
                let mut entries = panel.iter_mut();
                for (_, line) in &self.layout.lines {
                    for (c, t) in block.clone().flat_map(|c| line.clone().map(move |t| (c, t))) {
                        let rows = entries.by_ref().take(height).enumerate();
                        rows.for_each(|(r, e)| *e = weights[position([group, m + r, c, t])]);
                    }
                }
            }
        });
    }

    /// The pixels of one set, for the given panels of one group.
    fn set(&self, set: Set, group: usize, panels: Range<usize>, source: &[T], packed: &[T], target: &Disjoint<'_, T>) {
        let (f, layout) = (self.f, &self.layout);
        let source_plane = f.reading.source[0] * f.reading.source[1];
        let plane = layout.plane(&f.reading, set.rows);
        let staged_len = if layout.direct { 0 } else { set.samples * self.channels * plane };
        with_scratch(staged_len, |staged: &mut [T]| {
            let mut offsets = Vec::with_capacity(self.channels * layout.taps.len());
            for block in self.blocks() {
                // The same order as in `pack`: lines of taps are contiguous, so that lines on the border can be left out.
                offsets.clear();
                for (_, line) in &layout.lines {
                    let of = |c: usize| layout.taps[line.clone()].iter().map(move |&t| t + (c * plane) as u32);
                    offsets.extend((0..block.len()).flat_map(of));
                }
                let add = f.add || block.start > 0;
                let channel = |n: usize| ((set.sample + n) * f.groups + group) * f.inputs + block.start;
                if !layout.direct {
                    for (i, staged) in staged.chunks_exact_mut(plane.max(1)).take(set.samples * block.len()).enumerate()
                    {
                        let from = (channel(i / block.len()) + i % block.len()) * source_plane;
                        layout.stage(&f.reading, &source[from..from + source_plane], set.row, set.rows, staged);
                    }
                }
                let pictures = if layout.direct {
                    let first = (channel(0) * source_plane) + set.row * layout.row_step(&f.reading);
                    (source[first.min(source.len())..].as_ptr(), f.groups * f.inputs * source_plane)
                } else {
                    (staged.as_ptr(), block.len() * plane)
                };
                let step = (RESIDENT / (offsets.len() * ROWS).max(1)).max(1);
                for from in panels.clone().step_by(step) {
                    let part = from..(from + step).min(panels.end);
                    self.tiles(set, group, part, &block, pictures, &offsets, packed, add, target);
                }
            }
        });
    }

    /// All tiles of a set for some panels and one block of source channels.
    #[allow(clippy::too_many_arguments)] // private: the state of the loops above
    fn tiles(
        &self,
        set: Set,
        group: usize,
        panels: Range<usize>,
        block: &Range<usize>,
        (pictures, sample_step): (*const T, usize),
        offsets: &[u32],
        packed: &[T],
        add: bool,
        target: &Disjoint<'_, T>,
    ) {
        let (f, lanes, vectors) = (self.f, self.kernels.lanes, self.layout.vectors);
        let row_step = self.layout.row_step(&f.reading);
        let across = self.layout.target(&f.reading)[1];
        let count = set.samples * set.rows * vectors;
        let mut spill = [T::ZERO; ROWS * LONG * MAX_LANES];
        // Where there are few rows, longer ones keep the multipliers busy.
        let longest = if f.outputs <= LONG_ROWS { LONG } else { VECTORS };
        for first in (0..count).step_by(longest) {
            let width = longest.min(count - first);
            let mut tile = Tile {
                taps: offsets.len(),
                weights: packed.as_ptr(),
                offsets: offsets.as_ptr(),
                source: [pictures; LONG],
                target: [std::ptr::null_mut(); LONG],
                stride: f.plane,
                add,
            };
            let rows = (first..first + width)
                .map(|i| self.layout.rows_of(set.row + i / (vectors * set.samples), i % vectors, lanes));
            let reach = rows.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or([0, 0]);
            let lines = f.reading.inside(&self.layout.lines, reach[0], reach[1]);
            let taps = taps_of(&self.layout.lines[lines], block.len());
            tile.taps = taps.len();
            tile.offsets = offsets[taps.start..].as_ptr();
            let (mut starts, mut filled) = ([0; LONG], [0; LONG]);
            for j in 0..width {
                // Rows of the same height come together: they leave out the same taps.
                let (line, v) = ((first + j) / vectors, (first + j) % vectors);
                let (n, q) = (line % set.samples, line / set.samples);
                tile.source[j] = pictures.wrapping_add(n * sample_step + q * row_step + v * lanes);
                let sample = ((set.sample + n) * f.groups + group) * f.outputs * f.plane;
                starts[j] = sample + f.origin + (set.row + q) * f.row + v * lanes * f.column;
                filled[j] = lanes.min(across - v * lanes);
            }
            let whole = f.column == 1 && filled[..width].iter().all(|&n| n == lanes);
            for p in panels.clone() {
                let m = p * ROWS;
                let height = ROWS.min(f.outputs - m);
                let run = match width.checked_sub(VECTORS + 1) {
                    None => self.kernels.tile[height - 1][width - 1],
                    Some(more) => self.kernels.long[height - 1][more],
                };
                tile.weights = packed[self.panel(group, block, m) + taps.start * height..].as_ptr();
                if whole {
                    for (t, &start) in tile.target.iter_mut().zip(&starts[..width]) {
                        *t = target.at(start + m * f.plane);
                        target.at(start + (m + height - 1) * f.plane + lanes);
                    }
                    // SAFETY: `kernels` was chosen for this processor. Offsets and starting points lie in the staged
                    // block (or, read in place, in the picture), as its layout was made for them; the target's pixels
                    // belong to this set, group and panel alone, and lie inside it: first and last were checked above.
                    unsafe { run(&tile) };
                } else {
                    for j in 0..width {
                        tile.target[j] = spill[j * lanes..].as_mut_ptr();
                    }
                    (tile.stride, tile.add) = (LONG * lanes, false);
                    for i in 0..height {
                        starts[..width].iter().for_each(|s| prefetch(target.at(s + (m + i) * f.plane)));
                    }
                    // SAFETY: as above, except that the tile goes to the local buffer, which holds the largest.
                    unsafe { run(&tile) };
                    for (i, row) in spill.chunks_exact(LONG * lanes).take(height).enumerate() {
                        for j in 0..width {
                            let start = starts[j] + (m + i) * f.plane;
                            let pixels = &row[j * lanes..j * lanes + filled[j]];
                            // SAFETY: pixels of this set, group and panel alone.
                            unsafe { spread(target, start, f.column, pixels, add) };
                        }
                    }
                }
            }
        }
    }
}

/// The contiguous taps of some lines, in a block of this many channels.
fn taps_of(lines: &[(isize, Range<usize>)], channels: usize) -> Range<usize> {
    match lines {
        [] => 0..0,
        [first, ..] => first.1.start * channels..lines[lines.len() - 1].1.end * channels,
    }
}

/// Writes (or adds) pixels at a distance of `column`.
///
/// # Safety
/// No other task may use these entries.
unsafe fn spread<T: Real>(target: &Disjoint<'_, T>, start: usize, column: usize, pixels: &[T], add: bool) {
    // SAFETY: by the caller's promise.
    let out = unsafe { target.part(start, (pixels.len() - 1) * column + 1) };
    match (column, add) {
        (1, false) => out.copy_from_slice(pixels),
        (1, true) => out.iter_mut().zip(pixels).for_each(|(o, &v)| *o += v),
        // The usual stride, without a length check per pixel.
        (2, _) => {
            let (pairs, last) = out.as_chunks_mut::<2>();
            let (before, end) = pixels.split_at(pairs.len());
            if add {
                pairs.iter_mut().zip(before).for_each(|(p, &v)| p[0] += v);
                last.iter_mut().zip(end).for_each(|(o, &v)| *o += v);
            } else {
                pairs.iter_mut().zip(before).for_each(|(p, &v)| p[0] = v);
                last.iter_mut().zip(end).for_each(|(o, &v)| *o = v);
            }
        }
        (_, false) => out.chunks_mut(column).zip(pixels).for_each(|(o, &v)| o[0] = v),
        (_, true) => out.chunks_mut(column).zip(pixels).for_each(|(o, &v)| o[0] += v),
    }
}
