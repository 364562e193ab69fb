//! Single-precision functions that vectorise.
//!
//! Coefficients of `exp` and `tanh` are those of the Cephes library; log(1 + e) is the series of 2·artanh(e/(2 + e)), whose
//! relative accuracy holds down to the smallest e. Selections are written so that NaN falls through.

use super::{Elementary, each};

/// Compiles a function of one number as a loop for AVX2, where products and sums fuse, and for everything else.
macro_rules! dispatch {
    ($name:ident) => {
        fn $name(x: &mut [f32]) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn wide(x: &mut [f32]) {
                    each(x, $name::<true>);
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has these instructions, as was just asked.
                    return unsafe { wide(x) };
                }
            }
            each(x, $name::<false>);
        }
    };
}

impl Elementary for f32 {
    dispatch!(exp);
    dispatch!(tanh);
    dispatch!(sigmoid);
    dispatch!(softplus);
    fn normal_cdf(x: &mut [f32]) {
        each(x, |v| super::cdf(f64::from(v)) as f32);
    }
}

/// a·b + c, fused where that is one instruction.
#[inline(always)]
fn fma<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn horner<const FUSED: bool, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut v = coefficients[0];
    for c in &coefficients[1..] {
        v = fma::<FUSED>(v, x, *c);
    }
    v
}

#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    // Beyond these the result is 0 or infinite in any case. NaN passes both.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    // Adding 1.5·2²³ rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = fma::<FUSED>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fma::<FUSED>(n, -0.693_359_4, x);
    let r = fma::<FUSED>(n, 2.121_944_4e-4, r);
    let p = horner::<FUSED, 6>(r, [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
    let p = fma::<FUSED>(p * r, r, r) + 1.0;
    // 2ⁿ in two factors, so that results below the normal range come out right.
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    p * power(half) * power(n.wrapping_sub(half))
}

#[inline(always)]
fn tanh<const FUSED: bool>(x: f32) -> f32 {
    let z = x * x;
    let p = horner::<FUSED, 5>(z, [-5.704_988_6e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1]);
    let near = fma::<FUSED>(p * z, x, x);
    let far = 1.0 - 2.0 / (exp::<FUSED>(2.0 * x.abs()) + 1.0);
    if x.abs() < 0.625 { near } else { far.copysign(x) }
}

#[inline(always)]
fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    let e = exp::<FUSED>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

#[inline(always)]
fn softplus<const FUSED: bool>(x: f32) -> f32 {
    let e = exp::<FUSED>(-x.abs());
    let s = e / (2.0 + e);
    let z = s * s;
    let series = [2.0 / 15.0, 2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0];
    let p = horner::<FUSED, 7>(z, series);
    let log = fma::<FUSED>(p * z, s, 2.0 * s);
    (if x < 0.0 { 0.0 } else { x }) + log
}
