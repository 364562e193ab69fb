//! Hyper-dual numbers: exact first and second derivatives by arithmetic (Fike and Alonso 2011).
//!
//! x = re + e1·ε₁ + e2·ε₂ + e12·ε₁ε₂ with ε₁² = ε₂² = 0. If the inputs move by u along ε₁ and by v along ε₂, a result's
//! e1 is its slope along u, e2 along v, and e12 is uᵀ H v: no step size, no truncation.

use super::number::Num;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number with two infinitesimal parts and their product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HyperDual {
    /// The value.
    pub re: f64,
    /// The slope along the first direction.
    pub e1: f64,
    /// The slope along the second direction.
    pub e2: f64,
    /// The mixed second derivative.
    pub e12: f64,
}

impl Num for HyperDual {
    fn constant(re: f64) -> Self {
        HyperDual { re, e1: 0.0, e2: 0.0, e12: 0.0 }
    }
    fn real(self) -> f64 {
        self.re
    }
    fn lift(self, [f, slope, bend]: [f64; 3]) -> Self {
        HyperDual { re: f, e1: slope * self.e1, e2: slope * self.e2, e12: slope * self.e12 + bend * self.e1 * self.e2 }
    }
}

impl Add for HyperDual {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        HyperDual { re: self.re + o.re, e1: self.e1 + o.e1, e2: self.e2 + o.e2, e12: self.e12 + o.e12 }
    }
}

impl Neg for HyperDual {
    type Output = Self;
    fn neg(self) -> Self {
        HyperDual { re: -self.re, e1: -self.e1, e2: -self.e2, e12: -self.e12 }
    }
}

impl Sub for HyperDual {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Mul for HyperDual {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        HyperDual {
            re: self.re * o.re,
            e1: self.re * o.e1 + self.e1 * o.re,
            e2: self.re * o.e2 + self.e2 * o.re,
            e12: self.re * o.e12 + self.e1 * o.e2 + self.e2 * o.e1 + self.e12 * o.re,
        }
    }
}

impl Div for HyperDual {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let r = 1.0 / o.re;
        self * o.lift([r, -r * r, 2.0 * r * r * r])
    }
}
