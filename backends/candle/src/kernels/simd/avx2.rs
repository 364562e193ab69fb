//! AVX2 vectors.

use super::vector::Vector;
use std::arch::x86_64::*;

macro_rules! vector {
    ($v:ident, $t:ident, $n:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $sum:expr) => {
        impl Vector for $v {
            type Entry = $t;
            const LANES: usize = $n;
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: for every operation here, the instructions are there by the caller's promise.
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn splat(v: $t) -> Self {
                // SAFETY: see `zero`.
                unsafe { $splat(v) }
            }
            #[inline(always)]
            unsafe fn load(p: *const $t) -> Self {
                // SAFETY: see `zero`; readable by the caller's promise.
                unsafe { $load(p) }
            }
            #[inline(always)]
            unsafe fn store(self, p: *mut $t) {
                // SAFETY: see `zero`; writable by the caller's promise.
                unsafe { $store(p, self) }
            }
            #[inline(always)]
            unsafe fn multiply_add(self, a: Self, b: Self) -> Self {
                // SAFETY: see `zero`.
                unsafe { $fma(a, b, self) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: see `zero`.
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn sum(self) -> $t {
                // SAFETY: see `zero`.
                unsafe { $sum(self) }
            }
        }
    };
}

/// Halves are added, then pairs, then neighbours.
#[inline(always)]
unsafe fn sum_f32(v: __m256) -> f32 {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

#[inline(always)]
unsafe fn sum_f64(v: __m256d) -> f64 {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe {
        let two = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd::<1>(v));
        _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
    }
}

vector!(
    __m256,
    f32,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    sum_f32
);
vector!(
    __m256d,
    f64,
    4,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd,
    _mm256_add_pd,
    sum_f64
);
super::kernels!(F32, f32, std::arch::x86_64::__m256, "AVX2", target_feature(enable = "avx2,fma"));
super::kernels!(F64, f64, std::arch::x86_64::__m256d, "AVX2", target_feature(enable = "avx2,fma"));
