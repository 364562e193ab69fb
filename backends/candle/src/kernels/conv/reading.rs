//! Where each tap of each output pixel reads its source picture, and the copy that makes such reads contiguous.
//!
//! The inner loops read vectors of neighbouring output pixels at an offset per tap. Where windows overlap the border,
//! where rows do not fill vectors, or where the column stride is not 1, a block of the picture is first *staged*: copied
//! with its zero border, rows cut into one run per column phase (pixel x goes to run x mod stride). Each number is copied
//! once per block, not once per tap as an im2col buffer would.

use super::super::Real;

/// Tap t of output pixel q reads source pixel `q·stride + shifts[t]`, zero outside the picture.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// Height and width of the source.
    pub source: [usize; 2],
    /// Source pixels between output pixels.
    pub stride: [usize; 2],
    /// One per tap.
    pub shifts: Vec<[isize; 2]>,
    /// Height and width of the output.
    pub target: [usize; 2],
}

/// Positions inside a staged block, or inside the picture itself.
#[derive(Debug)]
pub(super) struct Layout {
    /// Whether the picture can be read in place.
    pub direct: bool,
    /// Vectors in an output row.
    pub vectors: usize,
    /// Offset of each tap, in entries.
    pub taps: Vec<u32>,
    /// Entries from one source row to the next.
    row: usize,
    /// First source row and column that any tap reads, for output pixel (0, 0).
    first: [isize; 2],
    /// Source rows that one output row spans.
    span: usize,
    /// The column phases that some tap reads, and the length of the run that each fills.
    phases: Vec<usize>,
    run: usize,
    /// Whether rows of this phase are read.
    row_used: Vec<bool>,
}

impl Reading {
    /// Lays out blocks for vectors of this many lanes.
    pub fn layout(&self, lanes: usize) -> Layout {
        let [sy, sx] = self.stride;
        let bound =
            |axis: usize, of: fn(isize, isize) -> isize| self.shifts.iter().map(|s| s[axis]).reduce(of).unwrap_or(0);
        let first = [bound(0, isize::min), bound(1, isize::min)];
        let last = [bound(0, isize::max), bound(1, isize::max)];
        let vectors = self.target[1].div_ceil(lanes);
        let inside = |axis: usize| {
            let end = (self.target[axis].max(1) - 1) * self.stride[axis];
            first[axis] >= 0 && end as isize + last[axis] < self.source[axis] as isize
        };
        let plane = self.source[0].saturating_mul(self.source[1]);
        let direct = sx == 1
            && inside(0)
            && inside(1)
            && self.target[1].is_multiple_of(lanes)
            // A block of channels must be within reach of a 32-bit offset.
            && plane < 1 << 20;
        let shift = |s: &[isize; 2]| [(s[0] - first[0]) as usize, (s[1] - first[1]) as usize];
        let mut phases: Vec<usize> = self.shifts.iter().map(|s| shift(s)[1] % sx).collect();
        phases.sort_unstable();
        phases.dedup();
        let reach = (last[1] - first[1]) as usize / sx;
        let run = vectors * lanes + reach;
        let row = if direct { self.source[1] } else { phases.len() * run };
        let mut row_used = vec![false; sy];
        let taps = self
            .shifts
            .iter()
            .map(|s| {
                let [dy, dx] = shift(s);
                row_used[dy % sy] = true;
                let slot = phases.binary_search(&(dx % sx)).unwrap_or(0);
                let origin = if direct { first[0] as usize * row + first[1] as usize } else { slot * run };
                (origin + dy * row + dx / sx) as u32
            })
            .collect();
        Layout { direct, vectors, taps, row, first, span: (last[0] - first[0]) as usize + 1, phases, run, row_used }
    }
}

impl Layout {
    /// Entries between the pixels that output row `q` and row `q + 1` start from.
    pub fn row_step(&self, reading: &Reading) -> usize {
        self.row * reading.stride[0]
    }

    /// Entries of one channel's plane, for a block of `rows` output rows.
    pub fn plane(&self, reading: &Reading, rows: usize) -> usize {
        if self.direct {
            reading.source[0] * reading.source[1]
        } else {
            ((rows.max(1) - 1) * reading.stride[0] + self.span) * self.row
        }
    }

    /// Copies one channel's plane into its staged block for output rows `from .. from + rows`.
    pub fn stage<T: Real>(&self, reading: &Reading, source: &[T], from: usize, rows: usize, block: &mut [T]) {
        let [height, width] = reading.source;
        let [sy, sx] = reading.stride;
        if self.row == 0 || rows == 0 {
            return;
        }
        let top = (from * sy) as isize + self.first[0];
        for (r, staged) in block[..self.plane(reading, rows)].chunks_exact_mut(self.row).enumerate() {
            if !self.row_used[r % sy] {
                continue;
            }
            let y = top + r as isize;
            if y < 0 || y >= height as isize {
                staged.fill(T::ZERO);
                continue;
            }
            let source = &source[y as usize * width..(y as usize + 1) * width];
            for (&phase, run) in self.phases.iter().zip(staged.chunks_exact_mut(self.run)) {
                // Entry i of the run is source column `start + i·sx`.
                let start = self.first[1] + phase as isize;
                let before = (if start < 0 { (-start as usize).div_ceil(sx) } else { 0 }).min(run.len());
                let begin = (start + (before * sx) as isize) as usize;
                let inside = if begin < width { (width - begin).div_ceil(sx).min(run.len() - before) } else { 0 };
                run[..before].fill(T::ZERO);
                let (copied, after) = run[before..].split_at_mut(inside);
                if sx == 1 {
                    copied.copy_from_slice(&source[begin..begin + inside]);
                } else {
                    for (i, v) in copied.iter_mut().enumerate() {
                        *v = source[begin + i * sx];
                    }
                }
                after.fill(T::ZERO);
            }
        }
    }
}
