//! The few vector operations that the inner loops need.

use super::{ROWS, Tile, VECTORS};

/// A vector register of numbers.
pub trait Vector: Copy + Sized {
    /// The number type.
    type Entry: Copy;
    /// Numbers in a vector.
    const LANES: usize;

    /// All lanes zero.
    ///
    /// # Safety
    /// For every operation here: the processor must have the instruction set of this vector.
    unsafe fn zero() -> Self;
    /// All lanes the same.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    unsafe fn splat(v: Self::Entry) -> Self;
    /// Reads `LANES` numbers, at any alignment.
    ///
    /// # Safety
    /// See [`Vector::zero`]; the numbers must be readable.
    unsafe fn load(p: *const Self::Entry) -> Self;
    /// Writes `LANES` numbers, at any alignment.
    ///
    /// # Safety
    /// See [`Vector::zero`]; the numbers must be writable.
    unsafe fn store(self, p: *mut Self::Entry);
    /// `self + a·b`.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    unsafe fn multiply_add(self, a: Self, b: Self) -> Self;
    /// `self + other`.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    unsafe fn add(self, other: Self) -> Self;
    /// `self − other`.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    unsafe fn subtract(self, other: Self) -> Self;
    /// The sum of all lanes, in a fixed order.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    unsafe fn sum(self) -> Self::Entry;

    /// The sums of all lanes of four vectors.
    ///
    /// # Safety
    /// See [`Vector::zero`].
    #[inline(always)]
    unsafe fn sum4(v: [Self; 4]) -> [Self::Entry; 4] {
        // SAFETY: see `zero`.
        v.map(|v| unsafe { v.sum() })
    }

    /// The sums of the largest tile, where the compiler cannot keep its loop in registers.
    ///
    /// # Safety
    /// See [`Vector::zero`]; all entries that the tile reads must be readable.
    #[inline(always)]
    unsafe fn widest(_: &Tile<Self::Entry>) -> Option<[[Self; VECTORS]; ROWS]> {
        None
    }
}
