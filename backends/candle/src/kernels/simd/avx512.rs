//! AVX-512 vectors.

use super::vector::Vector;
use std::arch::x86_64::*;

macro_rules! vector {
    ($v:ident, $t:ident, $n:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $sub:ident, $sum:ident, $sum4:ident) => {
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
            unsafe fn subtract(self, other: Self) -> Self {
                // SAFETY: see `zero`.
                unsafe { $sub(self, other) }
            }
            #[inline(always)]
            unsafe fn sum(self) -> $t {
                // SAFETY: see `zero`.
                unsafe { $sum(self) }
            }
            #[inline(always)]
            unsafe fn sum4(v: [Self; 4]) -> [$t; 4] {
                // SAFETY: see `zero`.
                unsafe { $sum4(v) }
            }
        }
    };
}

// Written out below: closures would be compiled without the instruction set, and every intrinsic in them called.

#[inline(always)]
unsafe fn halves_f32(v: __m512) -> __m256 {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe {
        let high = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v));
        _mm256_add_ps(_mm512_castps512_ps256(v), _mm256_castpd_ps(high))
    }
}

#[inline(always)]
unsafe fn halves_f64(v: __m512d) -> __m256d {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe { _mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd::<1>(v)) }
}

#[inline(always)]
unsafe fn sum4_f32(v: [__m512; 4]) -> [f32; 4] {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe { super::avx2::sum4_f32([halves_f32(v[0]), halves_f32(v[1]), halves_f32(v[2]), halves_f32(v[3])]) }
}

#[inline(always)]
unsafe fn sum4_f64(v: [__m512d; 4]) -> [f64; 4] {
    // SAFETY: the instructions are there by the caller's promise.
    unsafe { super::avx2::sum4_f64([halves_f64(v[0]), halves_f64(v[1]), halves_f64(v[2]), halves_f64(v[3])]) }
}

vector!(
    __m512,
    f32,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_reduce_add_ps,
    sum4_f32
);
vector!(
    __m512d,
    f64,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_reduce_add_pd,
    sum4_f64
);
super::kernels!(F32, f32, std::arch::x86_64::__m512, "AVX-512", target_feature(enable = "avx512f,avx2,fma"));
super::kernels!(F64, f64, std::arch::x86_64::__m512d, "AVX-512", target_feature(enable = "avx512f,avx2,fma"));
