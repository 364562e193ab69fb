//! Functions of one number, applied to a slice in place.
//!
//! In single precision they are polynomials without branches or calls, compiled once per instruction set, so that loops
//! vectorise; in double precision they are the standard library's and libm's, because accuracy comes first there. Errors are
//! at most about 2 units in the last place. Not parallel: callers cut their own work.

mod single;

use super::Real;

/// Functions that have a vectorised form for this number type.
pub trait Elementary: Sized {
    /// See [`exp`].
    fn exp(x: &mut [Self]);
    /// See [`tanh`].
    fn tanh(x: &mut [Self]);
    /// See [`sigmoid`].
    fn sigmoid(x: &mut [Self]);
    /// See [`softplus`].
    fn softplus(x: &mut [Self]);
    /// See [`normal_cdf`].
    fn normal_cdf(x: &mut [Self]);
}

/// eˣ.
pub fn exp<T: Real>(x: &mut [T]) {
    <T as Elementary>::exp(x);
}

/// The hyperbolic tangent.
pub fn tanh<T: Real>(x: &mut [T]) {
    <T as Elementary>::tanh(x);
}

/// 1 / (1 + e⁻ˣ), with full relative accuracy far to the left.
pub fn sigmoid<T: Real>(x: &mut [T]) {
    <T as Elementary>::sigmoid(x);
}

/// log(1 + eˣ), with full relative accuracy far to the left and no overflow to the right.
pub fn softplus<T: Real>(x: &mut [T]) {
    <T as Elementary>::softplus(x);
}

/// Φ(x), the standard normal distribution function, with full relative accuracy far to the left.
pub fn normal_cdf<T: Real>(x: &mut [T]) {
    <T as Elementary>::normal_cdf(x);
}

fn each<T: Copy>(x: &mut [T], f: impl Fn(T) -> T) {
    x.iter_mut().for_each(|v| *v = f(*v));
}

impl Elementary for f64 {
    fn exp(x: &mut [f64]) {
        each(x, f64::exp);
    }
    fn tanh(x: &mut [f64]) {
        each(x, f64::tanh);
    }
    fn sigmoid(x: &mut [f64]) {
        each(x, |v| {
            let e = (-v.abs()).exp();
            if v < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
        });
    }
    fn softplus(x: &mut [f64]) {
        each(x, |v| (if v < 0.0 { 0.0 } else { v }) + (-v.abs()).exp().ln_1p());
    }
    fn normal_cdf(x: &mut [f64]) {
        each(x, cdf);
    }
}

/// Φ in double precision. Rounding v/√2 would be magnified by v² in the tail; the lost part is put back to first order.
fn cdf(v: f64) -> f64 {
    // 1/√2 = HIGH + LOW.
    const HIGH: f64 = std::f64::consts::FRAC_1_SQRT_2;
    const LOW: f64 = -4.833646656726457e-17;
    let t = -v * HIGH;
    let lost = (-v).mul_add(HIGH, -t) - v * LOW;
    let value = 0.5 * libm::erfc(t);
    // d erfc(t)/dt = −2/√π·exp(−t²).
    let correction = lost * std::f64::consts::FRAC_2_SQRT_PI * 0.5 * (-t * t).exp();
    if correction.is_finite() { value - correction } else { value }
}

#[cfg(test)]
mod tests;
