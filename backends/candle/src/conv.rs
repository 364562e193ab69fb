//! Convolution and its two adjoints as matrix products with patches.
//!
//! Patches of a few output rows at a time are laid out as a matrix small enough for the second-level cache, so nothing
//! proportional to the batch is allocated. Work is shared over samples; the weight gradient is summed over a fixed number
//! of sample groups in a fixed order, so bits do not depend on the number of threads.

use crate::element::Element;
use crate::product::{Matrix, product};
use hesse_core::graph::Convolution;
use rayon::prelude::*;
use std::cell::RefCell;

/// Entries of one patch matrix: 256 KiB in f32.
const PATCHES: usize = 64 * 1024;
/// Groups of samples in a weight gradient.
const SAMPLE_GROUPS: usize = 8;

/// A convolution over a batch; `channels` are input and output.
pub(crate) struct Problem<'a> {
    pub geometry: &'a Convolution,
    pub batch: usize,
    pub channels: [usize; 2],
}

/// Output rows `from ..` of one sample and group.
struct Tile {
    from: usize,
    rows: usize,
}

impl Problem<'_> {
    fn output(&self) -> [usize; 2] {
        self.geometry.output().unwrap_or([0, 0])
    }
    fn per_group(&self) -> [usize; 2] {
        let g = self.geometry.groups.max(1);
        [self.channels[0] / g, self.channels[1] / g]
    }
    fn taps(&self) -> usize {
        self.per_group()[0] * self.geometry.kernel[0] * self.geometry.kernel[1]
    }
    fn sample(&self, output: bool) -> usize {
        let [h, w] = if output { self.output() } else { self.geometry.input };
        self.channels[usize::from(output)] * h * w
    }
    fn tiles(&self) -> impl Iterator<Item = Tile> + use<> {
        let [oh, ow] = self.output();
        let rows = (PATCHES / (self.taps() * ow).max(1)).clamp(1, oh.max(1));
        (0..oh.div_ceil(rows)).map(move |i| Tile { from: i * rows, rows: rows.min(oh - i * rows) })
    }
    /// A 1×1 kernel that touches every pixel once: the image is the patch matrix.
    fn is_pointwise(&self) -> bool {
        let g = self.geometry;
        g.kernel == [1, 1] && g.stride == [1, 1] && g.padding == [0, 0]
    }

    /// For tap offset `tap` along axis `axis`: output positions whose input lies inside, and the first input position.
    fn valid(&self, axis: usize, tap: usize, positions: usize) -> (usize, usize) {
        let g = self.geometry;
        let shift = (tap * g.dilation[axis]) as isize - g.padding[axis] as isize;
        let stride = g.stride[axis] as isize;
        let first = if shift >= 0 { 0 } else { (-shift + stride - 1) / stride };
        let room = g.input[axis] as isize - shift;
        let end = if room <= 0 { 0 } else { (room + stride - 1) / stride };
        ((first as usize).min(positions), (end as usize).min(positions))
    }

    /// Fills `patches [taps × rows·ow]` from the planes of one group.
    fn gather<T: Element>(&self, image: &[T], tile: &Tile, patches: &mut [T]) {
        let g = self.geometry;
        let ([h, w], [_, ow]) = (g.input, self.output());
        let width = tile.rows * ow;
        let mut row = 0;
        for plane in image.chunks_exact(h * w) {
            for a in 0..g.kernel[0] {
                for b in 0..g.kernel[1] {
                    let (first, end) = self.valid(1, b, ow);
                    let target = &mut patches[row * width..][..width];
                    row += 1;
                    for (r, line) in target.chunks_exact_mut(ow).enumerate() {
                        let y = ((tile.from + r) * g.stride[0] + a * g.dilation[0]).wrapping_sub(g.padding[0]);
                        if y >= h || first >= end {
                            line.fill(T::narrow(0.0));
                            continue;
                        }
                        line[..first].fill(T::narrow(0.0));
                        line[end..].fill(T::narrow(0.0));
                        let x = first * g.stride[1] + b * g.dilation[1] - g.padding[1];
                        let source = &plane[y * w + x..(y + 1) * w];
                        if g.stride[1] == 1 {
                            line[first..end].copy_from_slice(&source[..end - first]);
                        } else {
                            line[first..end]
                                .iter_mut()
                                .zip(source.iter().step_by(g.stride[1]))
                                .for_each(|(t, s)| *t = *s);
                        }
                    }
                }
            }
        }
    }

    /// Adds `patches` back onto the planes: the adjoint of [`Self::gather`].
    fn scatter<T: Element>(&self, patches: &[T], tile: &Tile, image: &mut [T]) {
        let g = self.geometry;
        let ([h, w], [_, ow]) = (g.input, self.output());
        let width = tile.rows * ow;
        let mut row = 0;
        for plane in image.chunks_exact_mut(h * w) {
            for a in 0..g.kernel[0] {
                for b in 0..g.kernel[1] {
                    let (first, end) = self.valid(1, b, ow);
                    let source = &patches[row * width..][..width];
                    row += 1;
                    for (r, line) in source.chunks_exact(ow).enumerate() {
                        let y = ((tile.from + r) * g.stride[0] + a * g.dilation[0]).wrapping_sub(g.padding[0]);
                        if y >= h || first >= end {
                            continue;
                        }
                        let x = first * g.stride[1] + b * g.dilation[1] - g.padding[1];
                        let target = plane[y * w + x..(y + 1) * w].iter_mut();
                        if g.stride[1] == 1 {
                            target.zip(&line[first..end]).for_each(|(t, s)| *t = *t + *s);
                        } else {
                            target.step_by(g.stride[1]).zip(&line[first..end]).for_each(|(t, s)| *t = *t + *s);
                        }
                    }
                }
            }
        }
    }
}

/// Scratch of one thread, grown to the largest tile it has seen.
fn with_scratch<T: Element, R>(elements: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    thread_local! {
        static F32: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
        static F64: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    }
    T::scratch(&F32, &F64, |scratch: &mut Vec<T>| {
        if scratch.len() < elements {
            scratch.resize(elements, T::narrow(0.0));
        }
        f(&mut scratch[..elements])
    })
}

/// `y = conv(x, w)`, or `y +=`.
pub(crate) fn forward<T: Element>(p: &Problem<'_>, x: &[T], w: &[T], y: &mut [T], accumulate: bool) {
    let ([ci, co], taps, [oh, ow], [h, width]) = (p.per_group(), p.taps(), p.output(), p.geometry.input);
    let (pixels, out_sample) = (oh * ow, p.sample(true));
    if out_sample == 0 {
        return;
    }
    y.par_chunks_mut(out_sample).zip(x.par_chunks(p.sample(false))).for_each(|(y, x)| {
        for (group, (y, x)) in y.chunks_exact_mut(co * pixels).zip(x.chunks_exact(ci * h * width)).enumerate() {
            let at_w = Matrix::dense(group * co * taps, taps, false);
            if p.is_pointwise() {
                let size = [co, taps, pixels];
                product(
                    size,
                    w,
                    at_w,
                    x,
                    Matrix::dense(0, pixels, false),
                    y,
                    Matrix::dense(0, pixels, false),
                    accumulate,
                    false,
                );
                continue;
            }
            for tile in p.tiles() {
                let n = tile.rows * ow;
                with_scratch(taps * n, |patches| {
                    p.gather(x, &tile, patches);
                    let at_y = Matrix { offset: tile.from * ow, rows: pixels, columns: 1 };
                    product([co, taps, n], w, at_w, patches, Matrix::dense(0, n, false), y, at_y, accumulate, false);
                });
            }
        }
    });
}

/// `gx = convᵀ(gy, w)`, or `gx +=`.
pub(crate) fn input_grad<T: Element>(p: &Problem<'_>, gy: &[T], w: &[T], gx: &mut [T], accumulate: bool) {
    let ([ci, co], taps, [oh, ow], [h, width]) = (p.per_group(), p.taps(), p.output(), p.geometry.input);
    let (pixels, in_sample) = (oh * ow, p.sample(false));
    if in_sample == 0 {
        return;
    }
    gx.par_chunks_mut(in_sample).zip(gy.par_chunks(p.sample(true))).for_each(|(gx, gy)| {
        if !accumulate && !p.is_pointwise() {
            gx.fill(T::narrow(0.0));
        }
        for (group, (gx, gy)) in gx.chunks_exact_mut(ci * h * width).zip(gy.chunks_exact(co * pixels)).enumerate() {
            let at_w = Matrix::dense(group * co * taps, taps, true);
            if p.is_pointwise() {
                let size = [taps, co, pixels];
                product(
                    size,
                    w,
                    at_w,
                    gy,
                    Matrix::dense(0, pixels, false),
                    gx,
                    Matrix::dense(0, pixels, false),
                    accumulate,
                    false,
                );
                continue;
            }
            for tile in p.tiles() {
                let n = tile.rows * ow;
                with_scratch(taps * n, |patches| {
                    let at_gy = Matrix { offset: tile.from * ow, rows: pixels, columns: 1 };
                    product([taps, co, n], w, at_w, gy, at_gy, patches, Matrix::dense(0, n, false), false, false);
                    p.scatter(patches, &tile, gx);
                });
            }
        }
    });
}

/// `gw = Σ_samples gy·patchesᵀ`, or `gw +=`.
pub(crate) fn weight_grad<T: Element>(p: &Problem<'_>, x: &[T], gy: &[T], gw: &mut [T], accumulate: bool) {
    let ([ci, co], taps, [oh, ow], [h, width]) = (p.per_group(), p.taps(), p.output(), p.geometry.input);
    let (pixels, weights) = (oh * ow, gw.len());
    if weights == 0 {
        return;
    }
    let groups = SAMPLE_GROUPS.min(p.batch).max(1);
    let mut partial = vec![T::narrow(0.0); groups * weights];
    partial.par_chunks_mut(weights).enumerate().for_each(|(part, sum)| {
        for sample in part * p.batch / groups..(part + 1) * p.batch / groups {
            let (x, gy) =
                (&x[sample * p.sample(false)..][..p.sample(false)], &gy[sample * p.sample(true)..][..p.sample(true)]);
            for (group, (x, gy)) in x.chunks_exact(ci * h * width).zip(gy.chunks_exact(co * pixels)).enumerate() {
                let at_sum = Matrix::dense(group * co * taps, taps, false);
                if p.is_pointwise() {
                    let size = [co, pixels, taps];
                    product(
                        size,
                        gy,
                        Matrix::dense(0, pixels, false),
                        x,
                        Matrix::dense(0, pixels, true),
                        sum,
                        at_sum,
                        true,
                        false,
                    );
                    continue;
                }
                for tile in p.tiles() {
                    let n = tile.rows * ow;
                    with_scratch(taps * n, |patches| {
                        p.gather(x, &tile, patches);
                        let at_gy = Matrix { offset: tile.from * ow, rows: pixels, columns: 1 };
                        product([co, n, taps], gy, at_gy, patches, Matrix::dense(0, n, true), sum, at_sum, true, false);
                    });
                }
            }
        }
    });
    for (i, value) in gw.iter_mut().enumerate() {
        let start = if accumulate { *value } else { T::narrow(0.0) };
        *value = (0..groups).fold(start, |s, g| s + partial[g * weights + i]);
    }
}
