//! Means over windows, and their adjoint.
//!
//! Both gather: the adjoint of a window that slides over pixels is, for each pixel, the sum over the windows that cover it, so
//! no two tasks write one entry.

use super::error::Result;
use super::{PoolShape, Real};
use rayon::prelude::*;
use std::ops::Range;

/// `x [P, H, W] → y [P, oh, ow]`, added to y where `accumulate`.
///
/// A window at the border divides by its full size where `count_padding`, else by the pixels it holds.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn avg_pool2d<T: Real>(shape: &PoolShape, count_padding: bool, x: &[T], y: &mut [T], accumulate: bool) -> Result {
    shape.check("average pooling", x.len(), y.len())?;
    let (plane, windows, [oh, ow]) = (shape.input_plane(), shape.output_plane(), shape.output());
    if windows == 0 {
        return Ok(());
    }
    let (rows, columns) = (spans(shape, 0, oh), spans(shape, 1, ow));
    let weigh = Weights::<T>::new(shape, count_padding, &rows, &columns);
    let width = shape.input[1];
    y.par_chunks_exact_mut(windows).zip(x.par_chunks_exact(plane)).with_min_len(per_task(shape)).for_each(|(y, x)| {
        for (i, y) in y.iter_mut().enumerate() {
            let (oy, ox) = (i / ow, i % ow);
            let mut sum = T::ZERO;
            for row in rows[oy].clone() {
                x[row * width..][columns[ox].clone()].iter().for_each(|&v| sum += v);
            }
            let mean = sum * weigh.at(oy, ox);
            *y = if accumulate { *y + mean } else { mean };
        }
    });
    Ok(())
}

/// `gy [P, oh, ow] → gx [P, H, W]`, the adjoint of [`avg_pool2d`], added to gx where `accumulate`.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn avg_pool2d_grad<T: Real>(
    shape: &PoolShape,
    count_padding: bool,
    gy: &[T],
    gx: &mut [T],
    accumulate: bool,
) -> Result {
    shape.check("gradient of average pooling", gx.len(), gy.len())?;
    let (plane, windows, [oh, ow]) = (shape.input_plane(), shape.output_plane(), shape.output());
    if windows == 0 || plane == 0 {
        if !accumulate {
            gx.fill(T::ZERO);
        }
        return Ok(());
    }
    let (rows, columns) = (spans(shape, 0, oh), spans(shape, 1, ow));
    let weigh = Weights::<T>::new(shape, count_padding, &rows, &columns);
    let (over_rows, over_columns) = (covering(&rows, shape.input[0]), covering(&columns, shape.input[1]));
    let width = shape.input[1];
    gx.par_chunks_exact_mut(plane).zip(gy.par_chunks_exact(windows)).with_min_len(per_task(shape)).for_each(
        |(gx, gy)| {
            for (i, gx) in gx.iter_mut().enumerate() {
                let mut sum = T::ZERO;
                for oy in over_rows[i / width].clone() {
                    for ox in over_columns[i % width].clone() {
                        sum += gy[oy * ow + ox] * weigh.at(oy, ox);
                    }
                }
                *gx = if accumulate { *gx + sum } else { sum };
            }
        },
    );
    Ok(())
}

fn per_task(shape: &PoolShape) -> usize {
    (1 << 13) / (shape.input_plane() + shape.output_plane()).max(1) + 1
}

fn spans(shape: &PoolShape, axis: usize, windows: usize) -> Vec<Range<usize>> {
    (0..windows).map(|at| shape.span(axis, at)).collect()
}

/// The windows that cover each pixel along one axis: neighbours, because window starts and ends both rise.
fn covering(spans: &[Range<usize>], pixels: usize) -> Vec<Range<usize>> {
    (0..pixels)
        .map(|p| spans.partition_point(|s| s.end <= p)..spans.partition_point(|s| s.start <= p))
        .map(|r| r.start..r.end.max(r.start))
        .collect()
}

/// One over the number of pixels that a window counts.
struct Weights<T> {
    full: Option<T>,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl<T: Real> Weights<T> {
    fn new(shape: &PoolShape, count_padding: bool, rows: &[Range<usize>], columns: &[Range<usize>]) -> Self {
        let size = shape.kernel[0] * shape.kernel[1];
        let lengths = |spans: &[Range<usize>]| spans.iter().map(ExactSizeIterator::len).collect();
        // Without a border, every window is full.
        let full = (count_padding || shape.padding == [0, 0]).then(|| T::from_f64(1.0 / size as f64));
        Weights { full, rows: lengths(rows), columns: lengths(columns) }
    }

    fn at(&self, y: usize, x: usize) -> T {
        self.full.unwrap_or_else(|| T::from_f64(1.0 / (self.rows[y] * self.columns[x]) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: PoolShape = PoolShape { planes: 2, input: [5, 7], kernel: [3, 2], stride: [2, 3], padding: [1, 1] };

    #[test]
    fn a_border_window_divides_by_what_it_is_told_to_count() {
        let s = PoolShape { planes: 1, input: [2, 2], kernel: [2, 2], stride: [2, 2], padding: [1, 1] };
        let x = [4.0, 8.0, 12.0, 16.0];
        let mut y = [0.0; 4];
        avg_pool2d(&s, true, &x, &mut y, false).expect("pooling");
        assert_eq!(y, [1.0, 2.0, 3.0, 4.0]);
        avg_pool2d(&s, false, &x, &mut y, false).expect("pooling");
        assert_eq!(y, x);
        avg_pool2d(&s, false, &x, &mut y, true).expect("pooling");
        assert_eq!(y, x.map(|v| 2.0 * v));
    }

    #[test]
    fn the_gradient_is_the_transpose() {
        for count_padding in [true, false] {
            for s in
                [SHAPE, PoolShape { stride: [1, 1], ..SHAPE }, PoolShape { kernel: [2, 2], stride: [3, 4], ..SHAPE }]
            {
                let windows = 2 * s.output_plane();
                let x: Vec<f64> = (0..70).map(|i| f64::from(i * i % 31)).collect();
                let gy: Vec<f64> = (0..windows).map(|i| (i * i % 17) as f64).collect();
                let (mut y, mut gx) = (vec![f64::NAN; windows], vec![f64::NAN; 70]);
                avg_pool2d(&s, count_padding, &x, &mut y, false).expect("pooling");
                avg_pool2d_grad(&s, count_padding, &gy, &mut gx, false).expect("gradient");
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                assert!((dot(&y, &gy) - dot(&x, &gx)).abs() < 1e-10 * dot(&y, &gy).abs());
            }
        }
    }
}
