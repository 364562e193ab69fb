//! The two compute types, and what the element-wise kernels need of them.

use crate::kernels::math;
use candle_core::{CpuStorage, DType};
use hesse_core::graph::Unary;
use hesse_core::vectors::Precision;

/// `f32` or `f64`.
pub(crate) trait Element: crate::kernels::Real {
    const DTYPE: DType;
    const PRECISION: Precision;
    fn slice(storage: &CpuStorage) -> candle_core::Result<&[Self]>;
    fn slice_mut(storage: &mut CpuStorage) -> candle_core::Result<&mut [Self]>;
    fn narrow(v: f64) -> Self;
    fn wide(self) -> f64;
    fn power(self, p: f64) -> Self;
    fn unary(f: Unary, x: &mut [Self]);
}

fn wrong(storage: &CpuStorage) -> candle_core::Error {
    use candle_core::backend::BackendStorage;
    candle_core::Error::Msg(format!("unexpected {:?} storage", storage.dtype()))
}

macro_rules! element {
    ($t:ident, $variant:ident, $precision:ident) => {
        impl Element for $t {
            const DTYPE: DType = DType::$variant;
            const PRECISION: Precision = Precision::$precision;
            fn slice(storage: &CpuStorage) -> candle_core::Result<&[Self]> {
                if let CpuStorage::$variant(v) = storage { Ok(v) } else { Err(wrong(storage)) }
            }
            fn slice_mut(storage: &mut CpuStorage) -> candle_core::Result<&mut [Self]> {
                match storage {
                    CpuStorage::$variant(v) => Ok(v),
                    other => Err(wrong(other)),
                }
            }
            #[inline]
            fn narrow(v: f64) -> Self {
                v as $t
            }
            #[inline]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn power(self, p: f64) -> Self {
                if p == 2.0 {
                    self * self
                } else if p == -1.0 {
                    1.0 / self
                } else if p == 0.5 {
                    self.sqrt()
                } else if p == -0.5 {
                    1.0 / self.sqrt()
                } else if p.fract() == 0.0 && p.abs() < 64.0 {
                    self.powi(p as i32)
                } else {
                    self.powf(p as $t)
                }
            }
            fn unary(f: Unary, x: &mut [Self]) {
                #[inline]
                fn each(x: &mut [$t], f: impl Fn($t) -> $t) {
                    x.iter_mut().for_each(|v| *v = f(*v));
                }
                match f {
                    Unary::Exp => math::exp(x),
                    Unary::Log => each(x, $t::ln),
                    Unary::Sqrt => each(x, $t::sqrt),
                    Unary::Reciprocal => each(x, |v| 1.0 / v),
                    Unary::Tanh => math::tanh(x),
                    Unary::Sigmoid => math::sigmoid(x),
                    Unary::Softplus => math::softplus(x),
                    Unary::Relu => each(x, nan_max),
                    Unary::Step => each(x, |v| if v > 0.0 { 1.0 } else { 0.0 }),
                    Unary::Abs => each(x, $t::abs),
                    Unary::Sign => each(x, |v| {
                        if v > 0.0 {
                            1.0
                        } else if v < 0.0 {
                            -1.0
                        } else {
                            0.0
                        }
                    }),
                    Unary::Sin => each(x, $t::sin),
                    Unary::Cos => each(x, $t::cos),
                    Unary::NormalCdf => math::normal_cdf(x),
                    Unary::NormalPdf => each(x, |v| {
                        const INVERSE_ROOT: f64 = 0.398_942_280_401_432_7; // 1/√(2π)
                        INVERSE_ROOT as $t * (-0.5 * v * v).exp()
                    }),
                }

                /// max(v, 0) that lets NaN through.
                #[inline]
                fn nan_max(v: $t) -> $t {
                    if v < 0.0 { 0.0 } else { v }
                }
            }
        }
    };
}

element!(f32, F32, F32);
element!(f64, F64, F64);
