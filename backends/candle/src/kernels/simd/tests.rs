//! Every tile of every instruction set that this processor has, against plain loops.

use super::super::Real;
use super::*;

fn tables<T: Real>(portable: &'static Kernels<T>, wide: [Option<&'static Kernels<T>>; 2]) -> Vec<&'static Kernels<T>> {
    std::iter::once(portable).chain(wide.into_iter().flatten()).collect()
}

#[cfg(target_arch = "x86_64")]
macro_rules! available {
    ($table:ident) => {{
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = avx2 && is_x86_feature_detected!("avx512f");
        tables(&portable::$table, [avx2.then_some(&avx2::$table), avx512.then_some(&avx512::$table)])
    }};
}
#[cfg(not(target_arch = "x86_64"))]
macro_rules! available {
    ($table:ident) => {
        tables(&portable::$table, [None, None])
    };
}

/// Small whole numbers, so that every order of summation gives the same bits.
fn numbers<T: Real>(n: usize, seed: usize) -> Vec<T> {
    (0..n).map(|i| T::from_f64(((i * 7 + seed * 13) % 19) as f64 - 9.0)).collect()
}

fn tiles<T: Real>(k: &Kernels<T>) {
    const TAPS: usize = 7;
    let picture = numbers::<T>(2000, 1);
    let offsets: Vec<u32> = (0..TAPS as u32).map(|t| t * t * 3 + 1).collect();
    let shapes = (1..=ROWS).flat_map(|r| (1..=LONG).map(move |n| (r, n)));
    for (rows, vectors) in shapes.filter(|&(r, n)| n <= VECTORS || r <= LONG_ROWS) {
        for (taps, add) in [(TAPS, false), (TAPS, true), (0, false)] {
            let weights = numbers::<T>(TAPS * rows, 2);
            let stride = vectors * k.lanes + 3;
            let before = numbers::<T>(rows * stride, 3);
            let mut out = before.clone();
            let mut tile = Tile {
                taps,
                weights: weights.as_ptr(),
                offsets: offsets.as_ptr(),
                source: [picture.as_ptr(); LONG],
                target: [out.as_mut_ptr(); LONG],
                stride,
                add,
            };
            for j in 0..vectors {
                tile.source[j] = picture[j * 101..].as_ptr();
                tile.target[j] = out.as_mut_ptr().wrapping_add(j * k.lanes);
            }
            let run = if vectors <= VECTORS { k.tile[rows - 1][vectors - 1] } else { k.long[rows - 1][vectors - 4] };
            // SAFETY: the picture reaches beyond the largest offset and vector; the output holds all rows.
            unsafe { run(&tile) };
            for (at, &found) in out.iter().enumerate() {
                let (i, x) = (at / stride, at % stride);
                let mut expected = before[at];
                if x < vectors * k.lanes {
                    let sum = (0..taps).fold(T::ZERO, |s, t| {
                        s + weights[t * rows + i] * picture[x / k.lanes * 101 + offsets[t] as usize + x % k.lanes]
                    });
                    expected = if add { expected + sum } else { sum };
                }
                assert_eq!(found, expected, "{} {rows} rows, {vectors} vectors, entry {at}", k.name);
            }
        }
    }
}

fn correlations<T: Real>(k: &Kernels<T>) {
    let (left, right) = (numbers::<T>(1000, 4), numbers::<T>(1000, 5));
    let offsets: Vec<[usize; 2]> = (0..9).map(|s| [s * 17, s * 23 + 1]).collect();
    for (rows, columns) in (1..=ROWS).flat_map(|r| (1..=VECTORS).map(move |c| (r, c))) {
        let mut sums = vec![T::from_f64(0.5); ROWS * VECTORS];
        let tile = Correlation {
            steps: offsets.len(),
            offsets: offsets.as_ptr(),
            left: std::array::from_fn(|i| left[i * 31..].as_ptr()),
            right: std::array::from_fn(|j| right[j * 41..].as_ptr()),
            sums: sums.as_mut_ptr(),
        };
        // SAFETY: both pictures reach beyond the largest offset and vector; `sums` holds the largest tile.
        unsafe { k.correlate[rows - 1][columns - 1](&tile) };
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            let mut expected = T::ZERO;
            for [l, r] in &offsets {
                (0..k.lanes).for_each(|x| expected += left[i * 31 + l + x] * right[j * 41 + r + x]);
            }
            assert_eq!(sums[i * VECTORS + j], expected, "{} {rows} rows, {columns} columns", k.name);
        }
    }
}

#[test]
fn tiles_of_every_size_and_instruction_set_agree_with_plain_loops() {
    available!(F32).into_iter().for_each(tiles);
    available!(F64).into_iter().for_each(tiles);
}

#[test]
fn correlations_of_every_size_and_instruction_set_agree_with_plain_loops() {
    available!(F32).into_iter().for_each(correlations);
    available!(F64).into_iter().for_each(correlations);
}
