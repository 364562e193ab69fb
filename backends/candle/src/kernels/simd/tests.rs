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

/// Bᵀ and Aᵀ.
const B: [[i32; 4]; 4] = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]];
const A: [[i32; 4]; 2] = [[1, 1, 1, 0], [0, 1, -1, -1]];

/// Calls `f(pixel, entry of the tiles, factor)` for all that a transform multiplies: tiles of `matrix`'s size every two pixels.
fn linked<const N: usize>(
    p: (&[[i32; 4]; N], bool),
    [tiles, size, padding]: [[usize; 2]; 3],
    mut f: impl FnMut(usize, usize, i32),
) {
    let (matrix, wide) = p;
    // Bᵀ has a row for each place and a column for each pixel of a tile, Aᵀ the other way round.
    let factor = |place: usize, pixel: usize| if wide { matrix[place][pixel] } else { matrix[pixel][place] };
    let reach = if wide { 4 } else { N };
    let count = tiles[0] * tiles[1];
    for (t, place) in (0..count).flat_map(|t| (0..16).map(move |place| (t, place))) {
        for (i, j) in (0..reach).flat_map(|i| (0..reach).map(move |j| (i, j))) {
            let y = (t / tiles[1] * 2 + i).wrapping_sub(padding[0]);
            let x = (t % tiles[1] * 2 + j).wrapping_sub(padding[1]);
            if y < size[0] && x < size[1] {
                f(y * size[1] + x, place * count + t, factor(place / 4, i) * factor(place % 4, j));
            }
        }
    }
}

fn transforms<T: Real>(k: &Kernels<T>) {
    let weigh = |v: T, factor: i32| v * T::from_f64(f64::from(factor));
    for (output, padding) in [([5usize, 7], [1usize, 0]), ([3, 4], [2, 2]), ([24, 24], [0, 0]), ([8, 3], [0, 1])] {
        let tiles: [usize; 2] = std::array::from_fn(|i| output[i].div_ceil(2));
        let input: [usize; 2] = std::array::from_fn(|i| output[i] + 2 - 2 * padding[i]);
        let count = tiles[0] * tiles[1];
        let step = usize::next_multiple_of(count, k.lanes) + BEHIND;
        for (run, add) in (0..4).flat_map(|run| [(run, false), (run, true)]) {
            let (wide, to_tiles) = (run < 2, run % 2 == usize::from(run >= 2));
            let size = if wide { input } else { output };
            let links = |f: &mut dyn FnMut(usize, usize, i32)| {
                if wide {
                    linked((&B, true), [tiles, size, padding], f);
                } else {
                    linked((&A, false), [tiles, size, [0, 0]], f);
                }
            };
            let mut pixels = numbers::<T>(size[0] * size[1], run);
            let given = numbers::<T>(16 * count, 6);
            let mut planes = vec![T::from_f64(f64::NAN); 16 * step];
            for (at, &v) in given.iter().enumerate().filter(|_| !to_tiles) {
                planes[at / count * step + at % count] = v;
            }
            let mut expected = if to_tiles { vec![T::ZERO; 16 * count] } else { vec![T::ZERO; pixels.len()] };
            if !to_tiles && add {
                expected.copy_from_slice(&pixels);
            }
            links(&mut |pixel, entry, factor| match to_tiles {
                true => expected[entry] += weigh(pixels[pixel], factor),
                false => expected[pixel] += weigh(given[entry], factor),
            });
            let mut work = vec![T::from_f64(f64::NAN); winograd_scratch(tiles)];
            let plane = Plane {
                tiles,
                size,
                padding,
                pixels: pixels.as_mut_ptr(),
                planes: planes.as_mut_ptr(),
                step,
                work: work.as_mut_ptr(),
                add,
            };
            // SAFETY: pixels, planes with room for a vector more, and work are as large as `Plane` says.
            unsafe { k.winograd[run](&plane) };
            let found: Vec<T> = match to_tiles {
                true => (0..16 * count).map(|at| planes[at / count * step + at % count]).collect(),
                false => pixels,
            };
            assert_eq!(found, expected, "{} transform {run}, output {output:?}, padding {padding:?}", k.name);
        }
    }
}

#[test]
fn transforms_of_every_instruction_set_agree_with_plain_loops() {
    available!(F32).into_iter().for_each(transforms);
    available!(F64).into_iter().for_each(transforms);
}

#[test]
fn the_widest_vectors_that_leave_few_lanes_empty_are_taken() {
    let lanes = |numbers: usize| fitting::<f32, _>(|n| (numbers.next_multiple_of(n), ())).0.lanes;
    let (narrow, wide) = (f32::tables()[0].lanes, widest::<f32>().lanes);
    assert_eq!([lanes(wide), lanes(36 * wide), lanes(0)], [wide; 3]);
    assert_eq!([lanes(1), lanes(narrow)], [narrow; 2]);
    // Six vectors where five and a half would do.
    assert_eq!(lanes(5 * wide + narrow), wide);
}
