//! Where each tap of each output pixel reads its source picture, and the copy that makes such reads contiguous.
//!
//! The inner loops read vectors of neighbouring output pixels at an offset per tap. Where windows overlap the border,
//! where rows do not fill vectors, or where the column stride is not 1, a block of the picture is first *staged*: copied
//! with its zero border, rows cut into one run per column phase (pixel x goes to run x mod stride). Each number is copied
//! once per block, not once per tap as an im2col buffer would.
//!
//! Narrow rows would leave lanes empty: a row of 10 pixels takes two vectors of 8. There the picture is *packed*: copied
//! once for each horizontal shift, every copy holding just the pixels that output rows read, one row right behind the
//! other. Then the output plane is one long row for every tap, as it is in memory.

use super::super::Real;
use std::ops::Range;

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
    /// Taps that read the same source row, as ranges of equal vertical shift: (shift, taps).
    pub lines: Vec<(isize, Range<usize>)>,
    /// Entries from one source row to the next.
    row: usize,
    /// First source row and column that any tap reads, for output pixel (0, 0).
    first: [isize; 2],
    /// Source rows that one output row spans.
    span: usize,
    /// One per column phase that some tap reads, each of the same length.
    runs: Vec<Run>,
    run: usize,
    /// Whether rows of this phase are read.
    row_used: Vec<bool>,
    /// Whether the output plane is one long row, of `packed` rows of pixels.
    packed: Option<Packing>,
}

/// What is peculiar of a packed layout.
#[derive(Debug, Clone, Copy)]
struct Packing {
    /// Width of the output.
    width: usize,
    /// Entries of one copy, with zeros behind the last row.
    copy: usize,
}

/// Vectors of the largest plane that is packed: it cannot be cut into sets.
const LARGEST: usize = 256;
/// Packing copies a picture once for each horizontal shift: worth it where it saves one vector in this many.
const SAVING: usize = 10;
/// One more copy costs as much as one lane in this many: measured, five copies of 12 × 12 pixels are not worth wider vectors.
const COPY: usize = 16;

/// Entry i of a staged run is source column `begin + (i − before)·stride` for i in `before .. before + inside`, else zero.
#[derive(Debug)]
struct Run {
    before: usize,
    begin: usize,
    inside: usize,
}

impl Reading {
    /// As [`Reading::layout`], packed where that saves vectors; for an output plane that is contiguous.
    pub fn compact_layout(&self, lanes: usize) -> Layout {
        let [rows, width] = self.target;
        let (by_row, packed) = (rows * width.div_ceil(lanes), (rows * width).div_ceil(lanes));
        let pays = (by_row - packed) * SAVING >= by_row.max(1) && packed <= LARGEST;
        if self.stride != [1, 1] || !pays || self.shifts.is_empty() {
            return self.layout(lanes);
        }
        let mut layout = self.layout(lanes);
        let mut shifts: Vec<isize> = self.shifts.iter().map(|s| s[1]).collect();
        shifts.sort_unstable();
        shifts.dedup();
        let copy = (layout.span - 1) * width + packed * lanes;
        let slot = |dx: isize| shifts.binary_search(&dx).unwrap_or(0);
        let offset = |s: &[isize; 2]| slot(s[1]) * copy + (s[0] - layout.first[0]) as usize * width;
        layout.taps = self.shifts.iter().map(|s| offset(s) as u32).collect();
        layout.runs = shifts.iter().map(|&dx| self.run(dx, width)).collect();
        (layout.direct, layout.vectors) = (false, packed);
        layout.packed = Some(Packing { width, copy });
        layout
    }

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
        let mut lines: Vec<(isize, Range<usize>)> = Vec::new();
        for (t, s) in self.shifts.iter().enumerate() {
            match lines.last_mut() {
                Some((y, taps)) if *y == s[0] => taps.end = t + 1,
                _ => lines.push((s[0], t..t + 1)),
            }
        }
        let runs = phases.iter().map(|&p| self.run(first[1] + p as isize, run)).collect();
        Layout {
            direct,
            vectors,
            taps,
            lines,
            row,
            first,
            span: (last[0] - first[0]) as usize + 1,
            runs,
            run,
            row_used,
            packed: None,
        }
    }

    /// The lines of taps (see [`Layout::lines`]) that read inside the picture for some of the output rows `from ..= to`: as
    /// shifts are monotone from line to line, a range.
    pub fn inside(&self, lines: &[(isize, Range<usize>)], from: usize, to: usize) -> Range<usize> {
        let reads = |l: &(isize, Range<usize>)| {
            let first = (from * self.stride[0]) as isize + l.0;
            let last = (to * self.stride[0]) as isize + l.0;
            last >= 0 && first < self.source[0] as isize
        };
        let start = lines.iter().position(reads).unwrap_or(0);
        let end = lines.iter().rposition(reads).map_or(start, |i| i + 1);
        start..end
    }

    /// A run of `len` entries that starts at source column `start`.
    fn run(&self, start: isize, len: usize) -> Run {
        let (width, step) = (self.source[1], self.stride[1]);
        let before = (if start < 0 { (-start as usize).div_ceil(step) } else { 0 }).min(len);
        // Beyond the width where the whole run is border.
        let begin = (start + (before * step) as isize) as usize;
        let inside = if begin < width { (width - begin).div_ceil(step).min(len - before) } else { 0 };
        Run { before, begin, inside }
    }
}

impl Layout {
    /// Height and width of the output as the layout sees it.
    pub fn target(&self, reading: &Reading) -> [usize; 2] {
        match self.packed {
            Some(_) => [1, reading.target[0] * reading.target[1]],
            None => reading.target,
        }
    }

    /// Lanes that a plane of the output takes with vectors of this many, empty ones included; and some more for each copy
    /// of a packed picture, which is read from farther away.
    pub fn lanes(&self, reading: &Reading, lanes: usize) -> usize {
        let used = self.target(reading)[0] * self.vectors * lanes;
        let copies = if self.packed.is_some() { self.runs.len() - 1 } else { 0 };
        used + used * copies / COPY
    }

    /// The first and last output row of pixels of vector `v` in row `row` of [`Layout::target`].
    pub fn rows_of(&self, row: usize, v: usize, lanes: usize) -> [usize; 2] {
        match self.packed {
            Some(p) => [v * lanes / p.width, ((v + 1) * lanes - 1) / p.width],
            None => [row, row],
        }
    }

    /// Entries between the pixels that output row `q` and row `q + 1` start from.
    pub fn row_step(&self, reading: &Reading) -> usize {
        match self.packed {
            Some(_) => 0,
            None => self.row * reading.stride[0],
        }
    }

    /// Entries of one channel's plane, for a block of `rows` output rows.
    pub fn plane(&self, reading: &Reading, rows: usize) -> usize {
        if let Some(p) = self.packed {
            self.runs.len() * p.copy
        } else if self.direct {
            reading.source[0] * reading.source[1]
        } else {
            ((rows.max(1) - 1) * reading.stride[0] + self.span) * self.row
        }
    }

    /// Copies one channel's plane into its staged block for output rows `from .. from + rows`.
    pub fn stage<T: Real>(&self, reading: &Reading, source: &[T], from: usize, rows: usize, block: &mut [T]) {
        let [height, width] = reading.source;
        if let Some(p) = self.packed {
            return self.pack(reading, p, source, block);
        }
        let [sy, sx] = reading.stride;
        let all_rows = self.row_used.iter().all(|&u| u);
        if self.row == 0 || rows == 0 {
            return;
        }
        let top = (from * sy) as isize + self.first[0];
        for (r, staged) in block[..self.plane(reading, rows)].chunks_exact_mut(self.row).enumerate() {
            if !all_rows && !self.row_used[r % sy] {
                continue;
            }
            let y = top + r as isize;
            if y < 0 || y >= height as isize {
                staged.fill(T::ZERO);
                continue;
            }
            let source = &source[y as usize * width..(y as usize + 1) * width];
            for (run, entries) in self.runs.iter().zip(staged.chunks_exact_mut(self.run)) {
                let (border, rest) = entries.split_at_mut(run.before);
                let (copied, after) = rest.split_at_mut(run.inside);
                clear(border);
                clear(after);
                let source = source.get(run.begin..).unwrap_or_default();
                match sx {
                    1 => copy(&source[..run.inside], copied),
                    // The usual stride has a loop of its own, which vectorises.
                    2 if source.len() >= 2 * run.inside => {
                        let (pairs, _) = source.as_chunks::<2>();
                        copied.iter_mut().zip(pairs).for_each(|(v, p)| *v = p[0]);
                    }
                    _ => copied.iter_mut().zip(source.iter().step_by(sx)).for_each(|(v, s)| *v = *s),
                }
            }
        }
    }
}

impl Layout {
    /// One copy of the picture for each horizontal shift.
    fn pack<T: Real>(&self, reading: &Reading, p: Packing, source: &[T], block: &mut [T]) {
        let [height, width] = reading.source;
        let rows = reading.target[0] + self.span - 1;
        for (run, staged) in self.runs.iter().zip(block.chunks_exact_mut(p.copy)) {
            let (staged, behind) = staged.split_at_mut(rows * p.width);
            clear(behind);
            for (r, entries) in staged.chunks_exact_mut(p.width).enumerate() {
                let y = self.first[0] + r as isize;
                if y < 0 || y >= height as isize {
                    clear(entries);
                    continue;
                }
                let from = y as usize * width + run.begin.min(width);
                let (border, rest) = entries.split_at_mut(run.before);
                let (copied, after) = rest.split_at_mut(run.inside);
                clear(border);
                copy(&source[from..from + run.inside], copied);
                clear(after);
            }
        }
    }
}

/// Copies a row. Rows of small pictures are shorter than a call of `memcpy` takes.
#[inline]
fn copy<T: Real>(from: &[T], to: &mut [T]) {
    if to.len() > 64 {
        return to.copy_from_slice(from);
    }
    let (from8, from) = from.as_chunks::<8>();
    let (to8, to) = to.as_chunks_mut::<8>();
    to8.iter_mut().zip(from8).for_each(|(t, f)| *t = *f);
    let (from2, from) = from.as_chunks::<2>();
    let (to2, to) = to.as_chunks_mut::<2>();
    to2.iter_mut().zip(from2).for_each(|(t, f)| *t = *f);
    if let ([t], [f]) = (to, from) {
        *t = *f;
    }
}

/// Zeros a few entries.
#[inline]
fn clear<T: Real>(to: &mut [T]) {
    let (to8, to) = to.as_chunks_mut::<8>();
    to8.iter_mut().for_each(|t| *t = [T::ZERO; 8]);
    let (to2, to) = to.as_chunks_mut::<2>();
    to2.iter_mut().for_each(|t| *t = [T::ZERO; 2]);
    to.iter_mut().for_each(|t| *t = T::ZERO);
}
