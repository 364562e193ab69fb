//! Every kernel against one direct loop over the trilinear form that they share.

use super::super::Real;
use super::*;
use proptest::prelude::*;

/// Calls `f(x, w, y)` with the positions of every triple of entries that the convolution multiplies.
fn triples(s: &ConvShape, mut f: impl FnMut(usize, usize, usize)) {
    let ([oh, ow], [kh, kw], [h, w]) = (s.output(), s.kernel, s.input);
    let (ci, co) = (s.in_channels / s.groups, s.out_channels / s.groups);
    for n in 0..s.batch {
        for o in 0..s.out_channels {
            for c in 0..ci {
                for (ky, kx) in (0..kh).flat_map(|a| (0..kw).map(move |b| (a, b))) {
                    for (oy, ox) in (0..oh).flat_map(|a| (0..ow).map(move |b| (a, b))) {
                        let y = (oy * s.stride[0] + ky * s.dilation[0]).wrapping_sub(s.padding[0]);
                        let x = (ox * s.stride[1] + kx * s.dilation[1]).wrapping_sub(s.padding[1]);
                        if y < h && x < w {
                            let channel = n * s.in_channels + o / co * ci + c;
                            f(
                                (channel * h + y) * w + x,
                                ((o * ci + c) * kh + ky) * kw + kx,
                                ((n * s.out_channels + o) * oh + oy) * ow + ox,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn values<T: Real>(n: usize, seed: usize) -> Vec<T> {
    let mut state = seed as u64 * 2 + 1;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            T::from_f64((state >> 33) as f64 / (1u64 << 31) as f64 - 0.5)
        })
        .collect()
}

/// y, gx and gw of fixed values, each added to `start` where it is given.
fn kernels<T: Real>(s: &ConvShape, start: Option<f64>) -> [Vec<T>; 3] {
    let (x, w, gy) = (values::<T>(s.input_len(), 1), values::<T>(s.weight_len(), 2), values::<T>(s.output_len(), 3));
    // What is not added to must be overwritten, whatever is there.
    let fill = |n: usize| vec![T::from_f64(start.unwrap_or(f64::NAN)); n];
    let [mut y, mut gx, mut gw] = [fill(gy.len()), fill(x.len()), fill(w.len())];
    let add = start.is_some();
    conv2d(s, &x, &w, &mut y, add).expect("convolution");
    conv2d_input_grad(s, &gy, &w, &mut gx, add).expect("input gradient");
    conv2d_weight_grad(s, &x, &gy, &mut gw, add).expect("weight gradient");
    [y, gx, gw]
}

fn direct(s: &ConvShape) -> [Vec<f64>; 3] {
    let (x, w, gy) =
        (values::<f64>(s.input_len(), 1), values::<f64>(s.weight_len(), 2), values::<f64>(s.output_len(), 3));
    let [mut y, mut gx, mut gw] = [vec![0.0; gy.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
    triples(s, |i, k, o| {
        y[o] += x[i] * w[k];
        gx[i] += gy[o] * w[k];
        gw[k] += gy[o] * x[i];
    });
    [y, gx, gw]
}

fn close(found: &[f64], expected: &[f64], offset: f64, tolerance: f64) -> Result<(), String> {
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let e = e + offset;
        if (f - e).abs() > tolerance * (1.0 + e.abs()) || f.is_nan() {
            return Err(format!("entry {i}: {f}, expected {e}"));
        }
    }
    Ok(())
}

fn check(s: &ConvShape) -> Result<(), String> {
    let expected = direct(s);
    for start in [None, Some(0.75)] {
        let found = kernels::<f64>(s, start);
        let single = kernels::<f32>(s, start);
        for (i, name) in ["y", "gx", "gw"].iter().enumerate() {
            let offset = start.unwrap_or(0.0);
            let terms = (s.flops() as f64 / 2.0 / expected[i].len().max(1) as f64).max(1.0);
            close(&found[i], &expected[i], offset, 1e-15 * terms + 1e-14)
                .map_err(|e| format!("{name} {start:?} {s:?}: {e}"))?;
            let single: Vec<f64> = single[i].iter().map(|&v| f64::from(v)).collect();
            close(&single, &expected[i], offset, 1e-7 * terms + 2e-6).map_err(|e| format!("f32 {name} {s:?}: {e}"))?;
        }
    }
    Ok(())
}

fn shape(batch: usize, channels: [usize; 3], input: [usize; 2], kernel: [usize; 2]) -> ConvShape {
    let [in_channels, out_channels, groups] = channels;
    ConvShape {
        batch,
        in_channels,
        out_channels,
        groups,
        input,
        kernel,
        stride: [1; 2],
        padding: [0; 2],
        dilation: [1; 2],
    }
}

#[test]
fn all_three_agree_with_the_direct_loop_on_the_shapes_of_real_networks() {
    let same = |p: usize, s: ConvShape| ConvShape { padding: [p; 2], ..s };
    let strided = |s: ConvShape| ConvShape { stride: [2; 2], ..s };
    for s in [
        same(2, shape(3, [3, 64, 1], [32, 32], [5, 5])),
        same(2, shape(2, [64, 64, 1], [16, 16], [5, 5])),
        same(1, shape(3, [16, 16, 1], [32, 32], [3, 3])),
        same(1, shape(19, [32, 32, 1], [8, 8], [3, 3])),
        shape(5, [1, 20, 1], [28, 28], [5, 5]),
        shape(33, [20, 50, 1], [12, 12], [5, 5]),
        // Packed: narrow rows, with and without a border, with more taps than rows.
        shape(18, [8, 33, 1], [12, 12], [3, 3]),
        same(1, shape(17, [5, 9, 1], [7, 7], [3, 3])),
        same(2, shape(3, [4, 12, 2], [9, 13], [5, 5])),
        ConvShape { padding: [3, 0], dilation: [2, 3], ..shape(16, [3, 8, 1], [5, 17], [4, 3]) },
        // Scattered: rows that fill vectors and rows that do not, channels that do not fill panels, groups, dilation.
        shape(18, [32, 64, 1], [12, 12], [3, 3]),
        shape(2, [6, 17, 1], [26, 26], [3, 3]),
        shape(35, [10, 32, 2], [10, 10], [3, 3]),
        ConvShape { dilation: [2, 3], ..shape(17, [5, 16, 1], [14, 17], [3, 4]) },
        strided(same(1, shape(3, [16, 32, 1], [32, 32], [3, 3]))),
        strided(shape(3, [16, 32, 1], [32, 32], [1, 1])),
        strided(same(3, shape(2, [3, 8, 1], [33, 31], [7, 7]))),
        shape(3, [24, 12, 1], [7, 7], [1, 1]),
        same(1, shape(2, [16, 16, 16], [14, 14], [3, 3])),
        same(1, shape(1, [700, 6, 1], [5, 5], [3, 3])),
    ] {
        check(&s).expect("agreement");
    }
}

#[test]
fn winograd_agrees_with_the_direct_loop() {
    let same = |p: usize, s: ConvShape| ConvShape { padding: [p; 2], ..s };
    for s in [
        shape(17, [32, 32, 1], [26, 26], [3, 3]),
        shape(35, [24, 33, 1], [12, 12], [3, 3]),
        shape(3, [33, 30, 1], [10, 10], [3, 3]),
        same(1, shape(19, [32, 24, 1], [16, 16], [3, 3])),
        same(1, shape(2, [24, 25, 1], [7, 9], [3, 3])),
        same(2, shape(5, [25, 24, 1], [1, 6], [3, 3])),
        ConvShape { padding: [0, 2], ..shape(40, [24, 24, 1], [3, 4], [3, 3]) },
    ] {
        assert!(winograd::suits::<f32>(&s), "{s:?}");
        let expected = direct(&s);
        for start in [None, Some(0.75)] {
            let fill = |n: usize| vec![start.unwrap_or(f64::NAN) as f32; n];
            let (x, w, gy) =
                (values::<f32>(s.input_len(), 1), values::<f32>(s.weight_len(), 2), values::<f32>(s.output_len(), 3));
            let [mut y, mut gx, mut gw] = [fill(gy.len()), fill(x.len()), fill(w.len())];
            winograd::conv2d(&s, &[(&x, &w)], &mut y, start.is_some()).expect("convolution");
            winograd::conv2d_input_grad(&s, &[(&gy, &w)], &mut gx, start.is_some()).expect("input gradient");
            winograd::conv2d_weight_grad(&s, &x, &gy, &mut gw, start.is_some()).expect("weight gradient");
            for ((name, found), expected) in [("y", y), ("gx", gx), ("gw", gw)].into_iter().zip(&expected) {
                let found: Vec<f64> = found.iter().map(|&v| f64::from(v)).collect();
                close(&found, expected, start.unwrap_or(0.0), 1e-5)
                    .map_err(|e| format!("{name} {s:?}: {e}"))
                    .expect(name);
            }
        }
    }
}

#[test]
fn winograd_adds_two_products_before_it_transforms_back() {
    let s = ConvShape { padding: [1; 2], ..shape(9, [24, 26, 1], [9, 11], [3, 3]) };
    let pair = |seed: usize, len: usize| (values::<f32>(len, seed), values::<f32>(s.weight_len(), seed + 1));
    for (name, len, out) in [("y", s.input_len(), s.output_len()), ("gx", s.output_len(), s.input_len())] {
        let ((a, v), (b, w)) = (pair(1, len), pair(5, len));
        let [mut expected, mut found] = [vec![f32::NAN; out], vec![f32::NAN; out]];
        if name == "y" {
            conv2d(&s, &a, &v, &mut expected, false).expect("first");
            conv2d(&s, &b, &w, &mut expected, true).expect("second");
            winograd::conv2d(&s, &[(&a, &v), (&b, &w)], &mut found, false).expect("both");
        } else {
            conv2d_input_grad(&s, &a, &v, &mut expected, false).expect("first");
            conv2d_input_grad(&s, &b, &w, &mut expected, true).expect("second");
            winograd::conv2d_input_grad(&s, &[(&a, &v), (&b, &w)], &mut found, false).expect("both");
        }
        let [expected, found] = [expected, found].map(|v| v.into_iter().map(f64::from).collect::<Vec<_>>());
        close(&found, &expected, 0.0, 1e-5).expect(name);
    }
}

#[test]
fn a_kernel_larger_than_its_padded_input_gives_an_empty_output() {
    let s = shape(2, [2, 2, 1], [2, 3], [3, 3]);
    assert_eq!(s.output(), [0, 1]);
    check(&s).expect("agreement");
}

#[test]
fn sizes_of_zero_are_legal() {
    check(&shape(0, [2, 2, 1], [4, 4], [3, 3])).expect("no samples");
    check(&shape(2, [0, 2, 1], [4, 4], [3, 3])).expect("no input channels");
    check(&shape(2, [2, 0, 1], [4, 4], [3, 3])).expect("no output channels");
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let padded = ConvShape { padding: [1; 2], ..shape(37, [6, 10, 1], [9, 11], [3, 3]) };
    let strided = ConvShape { stride: [2; 2], ..padded };
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
    for s in [padded, strided, shape(64, [3, 16, 1], [16, 16], [5, 5])] {
        let one = pool(1).install(|| kernels::<f32>(&s, None));
        for threads in [2, 5] {
            assert_eq!(one, pool(threads).install(|| kernels::<f32>(&s, None)));
        }
    }
}

#[test]
fn an_infinite_input_stays_within_its_windows() {
    let s = ConvShape { padding: [1; 2], ..shape(1, [1, 1, 1], [9, 9], [3, 3]) };
    let (mut x, w) = (vec![1.0f32; 81], vec![1.0f32; 9]);
    x[4 * 9 + 4] = f32::INFINITY;
    let mut y = vec![0.0; 81];
    conv2d(&s, &x, &w, &mut y, false).expect("convolution");
    for (i, v) in y.iter().enumerate() {
        let near = (i / 9).abs_diff(4) <= 1 && (i % 9).abs_diff(4) <= 1;
        assert_eq!(v.is_finite(), !near, "pixel {i}");
    }
}

#[test]
fn wrong_lengths_and_contradictions_are_refused_with_their_values() {
    let s = shape(1, [2, 2, 1], [4, 4], [3, 3]);
    let error = conv2d(&s, &[0.0f32; 31], &[0.0; 36], &mut [0.0; 8], false).expect_err("too short");
    assert_eq!(error.to_string(), "convolution: input has 31 entries, expected 32");
    let odd = ConvShape { groups: 3, ..s };
    assert!(conv2d(&odd, &[0.0f32; 32], &[0.0; 36], &mut [0.0; 8], false).is_err());
    let still = ConvShape { stride: [0, 1], ..s };
    assert!(conv2d(&still, &[0.0f32; 32], &[0.0; 36], &mut [0.0; 8], false).is_err());
}

prop_compose! {
    fn any_shape()(
        batch in 1usize..20,
        groups in 1usize..4,
        channels in (1usize..7, 1usize..10),
        input in (1usize..20, 1usize..24),
        kernel in (1usize..6, 1usize..6),
        stride in (1usize..4, 1usize..4),
        padding in (0usize..5, 0usize..5),
        dilation in (1usize..3, 1usize..4),
    ) -> ConvShape {
        ConvShape {
            batch,
            in_channels: groups * channels.0,
            out_channels: groups * channels.1,
            groups,
            input: input.into(),
            kernel: kernel.into(),
            stride: stride.into(),
            padding: padding.into(),
            dilation: dilation.into(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn all_three_agree_with_the_direct_loop_on_any_shape(s in any_shape()) {
        prop_assert_eq!(check(&s), Ok(()));
    }
}
