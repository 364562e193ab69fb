//! What the interpreter asks of a number.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number, or one that carries derivatives along.
pub trait Num:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// A constant.
    fn constant(value: f64) -> Self;
    /// The value alone: what comparisons and indices look at.
    fn real(self) -> f64;
    /// f of this number, given f, f′ and f″ at its value.
    fn lift(self, f: [f64; 3]) -> Self;
}

impl Num for f64 {
    fn constant(value: f64) -> Self {
        value
    }
    fn real(self) -> f64 {
        self
    }
    fn lift(self, f: [f64; 3]) -> Self {
        f[0]
    }
}

/// The sum; zero of nothing.
pub fn sum<N: Num>(terms: impl IntoIterator<Item = N>) -> N {
    terms.into_iter().fold(N::constant(0.0), |a, b| a + b)
}
