//! Vectors as arrays, which the compiler turns into whatever the target has (NEON on aarch64, SSE2 on old x86-64).
//!
//! Products and sums are rounded separately: a fused operation without the instruction is a slow library call.

use super::vector::Vector;

/// N numbers.
#[derive(Clone, Copy)]
pub struct Lanes<T, const N: usize>([T; N]);

macro_rules! portable {
    ($t:ident, $n:literal) => {
        impl Vector for Lanes<$t, $n> {
            type Entry = $t;
            const LANES: usize = $n;
            #[inline(always)]
            unsafe fn zero() -> Self {
                Lanes([0.0; $n])
            }
            #[inline(always)]
            unsafe fn splat(v: $t) -> Self {
                Lanes([v; $n])
            }
            #[inline(always)]
            unsafe fn load(p: *const $t) -> Self {
                // SAFETY: readable by the caller's promise; an array has its entries' alignment.
                unsafe { Lanes(p.cast::<[$t; $n]>().read()) }
            }
            #[inline(always)]
            unsafe fn store(self, p: *mut $t) {
                // SAFETY: writable by the caller's promise.
                unsafe { p.cast::<[$t; $n]>().write(self.0) }
            }
            #[inline(always)]
            unsafe fn multiply_add(self, a: Self, b: Self) -> Self {
                Lanes(std::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Lanes(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            unsafe fn subtract(self, other: Self) -> Self {
                Lanes(std::array::from_fn(|i| self.0[i] - other.0[i]))
            }
            #[inline(always)]
            unsafe fn sum(self) -> $t {
                let mut v = self.0;
                let mut n = $n / 2;
                while n > 0 {
                    for i in 0..n {
                        v[i] += v[i + n];
                    }
                    n /= 2;
                }
                v[0]
            }
        }
    };
}

portable!(f32, 8);
portable!(f64, 4);
super::kernels!(F32, f32, super::portable::Lanes<f32, 8>, "portable");
super::kernels!(F64, f64, super::portable::Lanes<f64, 4>, "portable");
