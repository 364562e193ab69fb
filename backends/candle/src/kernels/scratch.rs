//! Buffers that outlive a call, so that kernels allocate nothing in steady state.
//!
//! Each thread keeps a short stack of buffers and hands out the one on top; a nested request (a task that the work
//! stealer runs inside another) takes the next. A buffer is stored as `u64` words, which are aligned for every number type;
//! entries start on a cache line.

use super::Real;
use std::cell::RefCell;

const LINE: usize = 64;
/// More buffers than this are returned to the allocator: nesting deeper than this is rare.
const KEPT: usize = 8;

thread_local! {
    static POOL: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` with `len` entries of unspecified (but valid) value.
pub(super) fn with_scratch<T: Real, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let mut words = POOL.with(|p| p.borrow_mut().pop()).unwrap_or_default();
    let needed = (len * size_of::<T>() + LINE).div_ceil(8);
    if words.len() < needed {
        // Growing would copy the old contents, which nobody wants.
        words = vec![0; needed];
    }
    let start = words.as_mut_ptr();
    let skip = start.align_offset(LINE);
    // SAFETY: the buffer holds `needed` initialised words, of which the first `skip` (fewer than one line's) are left
    // out; `T` is f32 or f64, for which every bit pattern is valid and a line is aligned; `words` is not used until `f` ends.
    let entries = unsafe { std::slice::from_raw_parts_mut(start.add(skip).cast::<T>(), len) };
    let result = f(entries);
    POOL.with(|p| {
        let mut pool = p.borrow_mut();
        if pool.len() < KEPT {
            pool.push(words);
        }
    });
    result
}
