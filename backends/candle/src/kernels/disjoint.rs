//! One output slice, written by several tasks at places that do not overlap.
//!
//! Convolution tiles of one sample interleave in memory (a tile is a few rows of every channel), so the output cannot
//! be cut into contiguous pieces with `chunks_mut`. Locks and per-task buffers cost more than the store itself.

use std::marker::PhantomData;

/// A slice that tasks share for writing, each to its own entries.
pub(super) struct Disjoint<'a, T> {
    start: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

// SAFETY: the pointer stands for a `&mut [T]`; every access is unsafe and promises that no two tasks touch one entry.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Takes the slice for as long as tasks write to it.
    pub fn new(slice: &'a mut [T]) -> Self {
        Disjoint { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }

    /// A pointer to entry `i`, which may be one past the end.
    pub fn at(&self, i: usize) -> *mut T {
        assert!(i <= self.len, "entry {i} of {}", self.len);
        self.start.wrapping_add(i)
    }

    /// The part from `from` with `len` entries.
    ///
    /// # Safety
    /// No other task may use an entry of this part while the result lives.
    #[allow(clippy::mut_from_ref)] // that is the point of this type
    pub unsafe fn part(&self, from: usize, len: usize) -> &mut [T] {
        assert!(from <= self.len && len <= self.len - from, "{len} entries from {from} of {}", self.len);
        // SAFETY: inside the slice by the check above; not shared by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }
}
