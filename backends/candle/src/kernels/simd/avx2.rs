//! AVX2 vectors.
//!
//! The largest tile needs all 16 registers: 12 sums, 3 vectors of pixels and 1 weight. The compiler moves the next broadcast
//! up, runs out of registers and keeps a sum in memory, which halves the speed; so that one loop is written in assembly.

use super::vector::Vector;
use super::{ROWS, Tile, VECTORS};
use std::arch::asm;
use std::arch::x86_64::*;

macro_rules! vector {
    ($v:ident, $t:ident, $n:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $sub:ident,
     $sum:ident, $sum4:ident, $widest:ident) => {
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
            #[inline(always)]
            unsafe fn widest(t: &Tile<$t>) -> Option<[[Self; VECTORS]; ROWS]> {
                // SAFETY: see `zero`; the tile is readable by the caller's promise.
                Some(unsafe { $widest(t) })
            }
        }
    };
}

macro_rules! widest {
    ($name:ident, $v:ident, $t:ident, $zero:ident, $suffix:literal, $size:literal) => {
        #[inline]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn $name(t: &Tile<$t>) -> [[$v; VECTORS]; ROWS] {
            let z = $zero();
            let [mut a0, mut a1, mut a2, mut b0, mut b1, mut b2] = [z; 6];
            let [mut c0, mut c1, mut c2, mut d0, mut d1, mut d2] = [z; 6];
            // SAFETY: the loop runs `taps` times and reads one offset, four weights and three vectors of
            // pixels each time, all of which the tile names; it writes registers only.
            unsafe {
                asm!(
                    "cmp {offsets}, {end}",
                    "je 3f",
                    ".p2align 5",
                    "2:",
                    "mov {shift:e}, dword ptr [{offsets}]",
                    concat!("vmovup", $suffix, " ymm12, [{x} + {shift}*", $size, "]"),
                    concat!("vmovup", $suffix, " ymm13, [{y} + {shift}*", $size, "]"),
                    concat!("vmovup", $suffix, " ymm14, [{z} + {shift}*", $size, "]"),
                    concat!("vbroadcasts", $suffix, " ymm15, [{weights}]"),
                    concat!("vfmadd231p", $suffix, " ymm0, ymm15, ymm12"),
                    concat!("vfmadd231p", $suffix, " ymm1, ymm15, ymm13"),
                    concat!("vfmadd231p", $suffix, " ymm2, ymm15, ymm14"),
                    concat!("vbroadcasts", $suffix, " ymm15, [{weights} + ", $size, "]"),
                    concat!("vfmadd231p", $suffix, " ymm3, ymm15, ymm12"),
                    concat!("vfmadd231p", $suffix, " ymm4, ymm15, ymm13"),
                    concat!("vfmadd231p", $suffix, " ymm5, ymm15, ymm14"),
                    concat!("vbroadcasts", $suffix, " ymm15, [{weights} + 2*", $size, "]"),
                    concat!("vfmadd231p", $suffix, " ymm6, ymm15, ymm12"),
                    concat!("vfmadd231p", $suffix, " ymm7, ymm15, ymm13"),
                    concat!("vfmadd231p", $suffix, " ymm8, ymm15, ymm14"),
                    concat!("vbroadcasts", $suffix, " ymm15, [{weights} + 3*", $size, "]"),
                    concat!("vfmadd231p", $suffix, " ymm9, ymm15, ymm12"),
                    concat!("vfmadd231p", $suffix, " ymm10, ymm15, ymm13"),
                    concat!("vfmadd231p", $suffix, " ymm11, ymm15, ymm14"),
                    concat!("add {weights}, 4*", $size),
                    "add {offsets}, 4",
                    "cmp {offsets}, {end}",
                    "jne 2b",
                    "3:",
                    offsets = inout(reg) t.offsets => _,
                    end = in(reg) t.offsets.add(t.taps),
                    weights = inout(reg) t.weights => _,
                    x = in(reg) t.source[0],
                    y = in(reg) t.source[1],
                    z = in(reg) t.source[2],
                    shift = out(reg) _,
                    inout("ymm0") a0, inout("ymm1") a1, inout("ymm2") a2,
                    inout("ymm3") b0, inout("ymm4") b1, inout("ymm5") b2,
                    inout("ymm6") c0, inout("ymm7") c1, inout("ymm8") c2,
                    inout("ymm9") d0, inout("ymm10") d1, inout("ymm11") d2,
                    out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
                    options(readonly, nostack),
                );
            }
            [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2], [d0, d1, d2]]
        }
    };
}

widest!(widest_f32, __m256, f32, _mm256_setzero_ps, "s", "4");
widest!(widest_f64, __m256d, f64, _mm256_setzero_pd, "d", "8");

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

/// Neighbours are added twice, which leaves four sums per half; then the halves.
#[inline(always)]
pub(super) unsafe fn sum4_f32(v: [__m256; 4]) -> [f32; 4] {
    // SAFETY: the instructions are there by the caller's promise; the array holds four numbers.
    unsafe {
        let pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
        let sums = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps::<1>(pairs));
        let mut out = [0.0; 4];
        _mm_storeu_ps(out.as_mut_ptr(), sums);
        out
    }
}

#[inline(always)]
pub(super) unsafe fn sum4_f64(v: [__m256d; 4]) -> [f64; 4] {
    // SAFETY: as above.
    unsafe {
        let (low, high) = (_mm256_hadd_pd(v[0], v[1]), _mm256_hadd_pd(v[2], v[3]));
        // Each half holds one partial sum of either vector.
        let sums = _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(low, high), _mm256_permute2f128_pd::<0x31>(low, high));
        let mut out = [0.0; 4];
        _mm256_storeu_pd(out.as_mut_ptr(), sums);
        out
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
    _mm256_sub_ps,
    sum_f32,
    sum4_f32,
    widest_f32
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
    _mm256_sub_pd,
    sum_f64,
    sum4_f64,
    widest_f64
);
super::kernels!(F32, f32, std::arch::x86_64::__m256, "AVX2", target_feature(enable = "avx2,fma"));
super::kernels!(F64, f64, std::arch::x86_64::__m256d, "AVX2", target_feature(enable = "avx2,fma"));
