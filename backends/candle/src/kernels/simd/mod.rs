//! The inner loops, written once over a vector type and compiled once per instruction set.
//!
//! The choice is made when the program runs, so that an ordinary release build is fast everywhere. Two loops carry all
//! convolutions: [`tile`] (weights times shifted pictures) and [`correlate`] (pictures times shifted pictures, summed).
//! Both read pictures in place through a table of offsets. Packing patches into panels, as a blocked matrix product
//! does, was decided against: with 16 output channels each packed number is used 16 times only, and the packing then
//! costs about as much as the product.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod correlate;
mod portable;
mod tile;
mod vector;
mod winograd;

pub use correlate::Correlation;
pub use tile::Tile;
pub use winograd::{BEHIND, Plane, scratch as winograd_scratch};

/// Rows (channels) of the largest tile.
pub const ROWS: usize = 4;
/// Vectors (pixels) of the largest tile; 4 × 3 accumulators, 3 vectors and a broadcast fill 16 registers.
pub const VECTORS: usize = 3;

/// Vectors of the longest tile of few rows, which would otherwise wait for its own sums.
pub const LONG: usize = 6;
/// Rows of that tile.
pub const LONG_ROWS: usize = 2;

/// A loop over one tile. To call it, the processor must have its instructions, and all entries that the tile names must be
/// readable or writable.
pub type Loop<P> = unsafe fn(&P);

/// One set of inner loops.
pub struct Kernels<T> {
    /// The instruction set, for people.
    pub name: &'static str,
    /// Numbers in a vector.
    pub lanes: usize,
    /// By rows − 1 and vectors − 1.
    pub tile: [[Loop<Tile<T>>; VECTORS]; ROWS],
    /// By rows − 1 and vectors − 4.
    pub long: [[Loop<Tile<T>>; LONG - VECTORS]; LONG_ROWS],
    /// By rows − 1 and columns − 1.
    pub correlate: [[Loop<Correlation<T>>; VECTORS]; ROWS],
    /// Winograd's transforms: Bᵀ d B, its adjoint, Aᵀ m A, its adjoint.
    pub winograd: [Loop<Plane<T>>; 4],
}

/// Inner loops for a number type.
pub trait Dispatch: Sized + 'static {
    /// Those that this processor has and that are worth having, the narrowest vectors first; never empty.
    fn tables() -> &'static [&'static Kernels<Self>];
}

/// Lanes that wide vectors may leave empty: beyond one in so many, narrower ones take their place.
const EMPTY: usize = 5;

/// The widest loops of this processor.
pub fn widest<T: Dispatch>() -> &'static Kernels<T> {
    T::tables()[T::tables().len() - 1]
}

/// The loops for work that is laid out by `plan(n)` for vectors of n lanes, with what that gave: the lanes that the work takes,
/// empty ones included, and its plan.
pub fn fitting<T: Dispatch, P>(plan: impl Fn(usize) -> (usize, P)) -> (&'static Kernels<T>, P) {
    let tables = T::tables();
    let mut plans: Vec<(usize, P)> = tables.iter().map(|k| plan(k.lanes)).collect();
    let fewest = plans.iter().map(|p| p.0).min().unwrap_or(0);
    let chosen = plans.iter().rposition(|p| (p.0 - fewest) * EMPTY <= fewest).unwrap_or(0);
    (tables[chosen], plans.swap_remove(chosen).1)
}

/// Asks for the cache line of an entry, which need not be readable.
#[inline(always)]
pub fn prefetch<T>(p: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing; SSE belongs to every x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(p.cast());
    }
    let _ = p;
}

macro_rules! dispatch {
    ($t:ident, $f32:ident) => {
        impl Dispatch for $t {
            fn tables() -> &'static [&'static Kernels<Self>] {
                #[cfg(target_arch = "x86_64")]
                {
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        if is_x86_feature_detected!("avx512f") {
                            return const { &[&avx2::$f32, &avx512::$f32] };
                        }
                        return const { &[&avx2::$f32] };
                    }
                }
                const { &[&portable::$f32] }
            }
        }
    };
}

dispatch!(f32, F32);
dispatch!(f64, F64);

/// Builds the table of one instruction set: `$attr` goes on each instance, `$v` is its vector.
macro_rules! kernels {
    ($table:ident, $t:ident, $v:ty, $name:literal $(, $attr:meta)?) => {
        pub static $table: super::Kernels<$t> = {
            use super::{Correlation, Kernels, Plane, Tile};
            $(#[$attr])?
            unsafe fn tile<const R: usize, const N: usize>(t: &Tile<$t>) {
                // SAFETY: the caller's promises are those of the loop; the instruction set is enabled here.
                unsafe { super::tile::run::<$v, R, N>(t) }
            }
            $(#[$attr])?
            unsafe fn correlate<const R: usize, const N: usize>(t: &Correlation<$t>) {
                // SAFETY: as above.
                unsafe { super::correlate::run::<$v, R, N>(t) }
            }
            $(#[$attr])?
            unsafe fn read(p: &Plane<$t>) {
                // SAFETY: as above.
                unsafe { super::winograd::read::<$v>(p) }
            }
            $(#[$attr])?
            unsafe fn write_back(p: &Plane<$t>) {
                // SAFETY: as above.
                unsafe { super::winograd::write_back::<$v>(p) }
            }
            $(#[$attr])?
            unsafe fn write(p: &Plane<$t>) {
                // SAFETY: as above.
                unsafe { super::winograd::write::<$v>(p) }
            }
            $(#[$attr])?
            unsafe fn read_back(p: &Plane<$t>) {
                // SAFETY: as above.
                unsafe { super::winograd::read_back::<$v>(p) }
            }
            Kernels {
                name: $name,
                lanes: <$v as super::vector::Vector>::LANES,
                tile: [
                    [tile::<1, 1>, tile::<1, 2>, tile::<1, 3>],
                    [tile::<2, 1>, tile::<2, 2>, tile::<2, 3>],
                    [tile::<3, 1>, tile::<3, 2>, tile::<3, 3>],
                    [tile::<4, 1>, tile::<4, 2>, tile::<4, 3>],
                ],
                long: [[tile::<1, 4>, tile::<1, 5>, tile::<1, 6>], [tile::<2, 4>, tile::<2, 5>, tile::<2, 6>]],
                correlate: [
                    [correlate::<1, 1>, correlate::<1, 2>, correlate::<1, 3>],
                    [correlate::<2, 1>, correlate::<2, 2>, correlate::<2, 3>],
                    [correlate::<3, 1>, correlate::<3, 2>, correlate::<3, 3>],
                    [correlate::<4, 1>, correlate::<4, 2>, correlate::<4, 3>],
                ],
                winograd: [read, write_back, write, read_back],
            }
        };
    };
}
use kernels;

#[cfg(test)]
mod tests;
