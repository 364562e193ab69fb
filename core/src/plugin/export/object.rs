//! Rust objects as opaque pointers.

use crate::plugin::guard::{Foreign, guard_or};
use std::ffi::c_void;

/// Gives an object away.
///
/// # Safety
/// `place` is where the caller wants the pointer.
pub(super) unsafe fn give<T>(object: T, place: *mut *mut c_void) -> Result<(), Foreign> {
    if place.is_null() {
        return Err(Foreign::failed("a null pointer where an object goes"));
    }
    // SAFETY: not null, and the caller vouches for it.
    unsafe { place.write(Box::into_raw(Box::new(object)).cast()) };
    Ok(())
}

/// Destroys an object that [`give`] made of the same type.
pub(super) unsafe extern "C" fn destroy<T>(object: *mut c_void) {
    if !object.is_null() {
        // A `Drop` may panic; that must not cross.
        // SAFETY: `give` made it with this type, and the receiver destroys it once.
        guard_or((), || drop(unsafe { Box::from_raw(object.cast::<T>()) }));
    }
}
