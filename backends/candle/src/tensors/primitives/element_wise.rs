//! Functions of one and two numbers.
//!
//! Where Candle's own function loses digits or swallows a NaN, it is written out here: results must be those of the other
//! kernels beyond rounding.

use candle_core::{DType, Result, Tensor};
use hesse_core::graph::{Binary, Unary};

const INVERSE_ROOT_TWO_PI: f64 = 0.398_942_280_401_432_7;

/// Zeros of the operand's sizes, without memory for each.
fn zero(x: &Tensor) -> Result<Tensor> {
    Tensor::zeros((), x.dtype(), x.device())?.broadcast_as(x.shape())
}

/// f(x).
pub(super) fn unary(f: Unary, x: &Tensor) -> Result<Tensor> {
    match f {
        Unary::Exp => x.exp(),
        Unary::Log => x.log(),
        Unary::Sqrt => x.sqrt(),
        Unary::Reciprocal => x.recip(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.neg()?.exp()?.affine(1.0, 1.0)?.recip(),
        Unary::Softplus => relu(x)?.add(&log1p(&x.abs()?.neg()?.exp()?)?),
        Unary::Relu => relu(x),
        Unary::Step => x.gt(&zero(x)?)?.to_dtype(x.dtype()),
        Unary::Abs => x.abs(),
        Unary::Sign => {
            let above = x.gt(&zero(x)?)?.to_dtype(x.dtype())?;
            above.sub(&x.lt(&zero(x)?)?.to_dtype(x.dtype())?)
        }
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::NormalCdf => {
            // In f64, so that f32 keeps its digits where the result is small.
            let wide = x.to_dtype(DType::F64)?.affine(std::f64::consts::FRAC_1_SQRT_2, 0.0)?.erf()?;
            wide.affine(0.5, 0.5)?.to_dtype(x.dtype())
        }
        Unary::NormalPdf => x.sqr()?.affine(-0.5, 0.0)?.exp()?.affine(INVERSE_ROOT_TWO_PI, 0.0),
    }
}

/// max(x, 0) that lets NaN through.
fn relu(x: &Tensor) -> Result<Tensor> {
    x.lt(&zero(x)?)?.where_cond(&zero(x)?, x)
}

/// log(1 + x) for x ≥ 0, to every digit: the rounding of 1 + x is divided out. W. Kahan's device; D. Goldberg, "What every
/// computer scientist should know about floating-point arithmetic" (1991), theorem 4.
pub(super) fn log1p(x: &Tensor) -> Result<Tensor> {
    let sum = x.affine(1.0, 1.0)?;
    let rounded = sum.affine(1.0, -1.0)?;
    let lost = rounded.eq(&zero(x)?)?;
    let one = Tensor::ones((), x.dtype(), x.device())?.broadcast_as(x.shape())?;
    let divisor = lost.where_cond(&one, &rounded)?;
    lost.where_cond(x, &sum.log()?.mul(x)?.div(&divisor)?)
}

/// x^p.
pub(super) fn power(x: &Tensor, p: f64) -> Result<Tensor> {
    if p == 2.0 {
        x.sqr()
    } else if p == -1.0 {
        x.recip()
    } else if p == 0.5 {
        x.sqrt()
    } else if p == -0.5 {
        x.sqrt()?.recip()
    } else if p == 3.0 {
        x.sqr()?.mul(x)
    } else {
        x.powf(p)
    }
}

/// f(a, b).
pub(super) fn binary(f: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match f {
        Binary::Add => a.add(b),
        Binary::Sub => a.sub(b),
        Binary::Mul => a.mul(b),
        Binary::Div => a.div(b),
        Binary::Greater => a.gt(b)?.to_dtype(a.dtype()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn log1p_keeps_every_digit_of_small_and_large_arguments() {
        let x: Vec<f64> = (-60..=10).map(|k| 2f64.powi(k) * 1.3).chain([0.0, 1e-300, 1e300]).collect();
        let found = log1p(&Tensor::from_slice(&x, x.len(), &Device::Cpu).unwrap()).unwrap().to_vec1::<f64>().unwrap();
        for (x, f) in x.iter().zip(found) {
            assert!((f - x.ln_1p()).abs() <= 4.0 * f64::EPSILON * x.ln_1p(), "{x:e}: {f:e}");
        }
    }

    #[test]
    fn not_a_number_passes_through_and_minus_infinity_becomes_zero() {
        let x = Tensor::from_slice(&[f32::NAN, f32::NEG_INFINITY, -1.0, 2.0], 4, &Device::Cpu).unwrap();
        let y = relu(&x).unwrap().to_vec1::<f32>().unwrap();
        assert!(y[0].is_nan() && y[1..] == [0.0, 0.0, 2.0]);
    }
}
