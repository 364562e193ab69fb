//! Where the maxima of max-pooling windows are.
//!
//! Pooling itself is gathering by these indices, and its adjoint scattering by them (see [`super::gather`]): with the
//! indices fixed, both are linear and each other's transposes, which is what derivatives of every order need.

use super::error::Result;
use super::{PoolShape, Real};
use rayon::prelude::*;

/// `x [P, H, W] → index [P, oh, ow]`, the position in the plane of each window's maximum.
///
/// The first of equals wins; NaN counts as the largest; the border never wins. Work: one comparison per window pixel.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn max_pool2d_indices<T: Real>(shape: &PoolShape, x: &[T], index: &mut [u32]) -> Result {
    shape.check("max pooling", x.len(), index.len())?;
    let (plane, windows) = (shape.input_plane(), shape.output_plane());
    if plane == 0 || windows == 0 {
        return Ok(());
    }
    let per_task = (1 << 14) / (windows * shape.kernel[0] * shape.kernel[1]) + 1;
    let planes = index.par_chunks_exact_mut(windows).zip(x.par_chunks_exact(plane)).with_min_len(per_task);
    if (shape.kernel, shape.stride, shape.padding) == ([2, 2], [2, 2], [0, 0]) {
        planes.for_each(|(index, x)| two_by_two(shape, x, index));
    } else {
        planes.for_each(|(index, x)| any_windows(shape, x, index));
    }
    Ok(())
}

/// One plane of the usual windows. Which of two pixels is larger no processor foresees, so that nothing here branches on it.
fn two_by_two<T: Real>(shape: &PoolShape, x: &[T], index: &mut [u32]) {
    let (width, columns) = (shape.input[1], shape.output()[1]);
    for (oy, index) in index.chunks_exact_mut(columns).enumerate() {
        let (upper, lower) = x[2 * oy * width..][..2 * width].split_at(width);
        let windows = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        let mut start = (2 * oy * width) as u32;
        for (at, (upper, lower)) in index.iter_mut().zip(windows) {
            let (mut largest, mut place) = (upper[0], 0u32);
            let mut visit = |v: T, here: usize| {
                // Larger, or the first NaN.
                let takes = (v > largest) | (v.is_nan() & !largest.is_nan());
                let mask = u32::from(takes).wrapping_neg();
                largest = if takes { v } else { largest };
                place = (here as u32 & mask) | (place & !mask);
            };
            visit(upper[1], 1);
            visit(lower[0], width);
            visit(lower[1], width + 1);
            *at = start + place;
            start += 2;
        }
    }
}

/// One plane of windows, of which the border may clip some.
fn any_windows<T: Real>(shape: &PoolShape, x: &[T], index: &mut [u32]) {
    let width = shape.input[1];
    let columns: Vec<_> = (0..shape.output()[1]).map(|ox| shape.span(1, ox)).collect();
    for (oy, index) in index.chunks_exact_mut(columns.len()).enumerate() {
        let rows = shape.span(0, oy);
        for (columns, index) in columns.iter().zip(index) {
            let mut best = (rows.start * width + columns.start, T::ZERO);
            best.1 = x[best.0];
            for y in rows.clone() {
                for (i, &v) in x[y * width..][columns.clone()].iter().enumerate() {
                    if v > best.1 || (v.is_nan() && !best.1.is_nan()) {
                        best = (y * width + columns.start + i, v);
                    }
                }
            }
            *index = best.0 as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(shape: &PoolShape, x: &[f32]) -> Vec<u32> {
        let mut index = vec![9; shape.planes * shape.output_plane()];
        max_pool2d_indices(shape, x, &mut index).expect("pooling");
        index
    }

    fn shape(input: [usize; 2], kernel: usize, stride: usize, padding: usize) -> PoolShape {
        PoolShape { planes: 1, input, kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2] }
    }

    #[test]
    fn the_first_of_equal_maxima_wins() {
        assert_eq!(pool(&shape([2, 4], 2, 2, 0), &[1.0, 1.0, 0.0, 2.0, 1.0, 1.0, 2.0, 2.0]), [0, 3]);
    }

    #[test]
    fn the_border_never_wins_even_over_negative_pixels() {
        assert_eq!(pool(&shape([2, 2], 3, 2, 1), &[-1.0, -2.0, f32::NEG_INFINITY, -3.0]), [0]);
    }

    #[test]
    fn a_nan_is_chosen_so_that_it_shows() {
        assert_eq!(pool(&shape([1, 4], 1, 1, 0), &[1.0, f32::NAN, 2.0, 0.0]), [0, 1, 2, 3]);
        assert_eq!(pool(&shape([2, 2], 2, 2, 0), &[5.0, f32::NAN, f32::NAN, 9.0]), [1]);
    }

    #[test]
    fn overlapping_windows_of_several_planes_agree_with_a_direct_search() {
        let s = PoolShape { planes: 3, input: [7, 6], kernel: [3, 2], stride: [2, 1], padding: [1, 1] };
        let x: Vec<f32> = (0..126).map(|i| ((i * 37) % 101) as f32).collect();
        let (found, [oh, ow]) = (pool(&s, &x), s.output());
        for (i, &at) in found.iter().enumerate() {
            let (p, oy, ox) = (i / (oh * ow), i / ow % oh, i % ow);
            let inside = |y: usize, x: usize| y < 7 && x < 6;
            let best = (0..3)
                .flat_map(|a| (0..2).map(move |b| ((oy * 2 + a).wrapping_sub(1), (ox + b).wrapping_sub(1))))
                .filter(|&(a, b)| inside(a, b))
                .map(|(a, b)| x[p * 42 + a * 6 + b])
                .fold(f32::MIN, f32::max);
            assert_eq!(x[p * 42 + at as usize], best);
        }
    }

    #[test]
    fn a_border_as_large_as_the_window_is_refused() {
        assert!(max_pool2d_indices(&shape([4, 4], 2, 2, 2), &[0.0f32; 16], &mut [0; 16]).is_err());
    }

    #[test]
    fn the_usual_windows_are_searched_as_any_other() {
        let values = [2.0, -1.0, f32::NAN, 2.0, 0.0, -0.0, 7.0, f32::NEG_INFINITY];
        for input in [[6, 6], [7, 9], [2, 3], [9, 24]] {
            let s = shape(input, 2, 2, 0);
            let x: Vec<f32> = (0..input[0] * input[1]).map(|i| values[(i * i + i / 5) % 8]).collect();
            let mut expected = vec![9; s.output_plane()];
            any_windows(&s, &x, &mut expected);
            assert_eq!(pool(&s, &x), expected, "{s:?}");
        }
    }
}
