//! Rust objects as opaque pointers.

use crate::attack::Attack;
use crate::eigen::EigenSolver;
use crate::options::{OptionError, Options};
use crate::plugin::guard::{Foreign, guard, guard_or};
use crate::plugin::raw::{Bytes, Status, Str};
use crate::registry::{AttackEntry, Entry, SolverEntry};
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

/// An entry that makes objects from options alone.
pub(super) trait Makes: Entry {
    /// What it makes.
    type Object;
    fn make(&self, options: &Options) -> Result<Self::Object, OptionError>;
}

impl Makes for SolverEntry {
    type Object = Box<dyn EigenSolver>;
    fn make(&self, options: &Options) -> Result<Self::Object, OptionError> {
        (self.make)(options)
    }
}

impl Makes for AttackEntry {
    type Object = Box<dyn Attack>;
    fn make(&self, options: &Options) -> Result<Self::Object, OptionError> {
        (self.make)(options)
    }
}

/// Makes an object of an entry that this library has pushed.
pub(super) unsafe extern "C" fn create<E: Makes>(
    context: *const c_void,
    options: Str,
    object: *mut *mut c_void,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: the context is the entry that was pushed with this function; the text lives during the call.
        let (entry, options) = unsafe { (&*context.cast::<E>(), options.as_text()?) };
        let options: Options = options.parse().map_err(Foreign::failed)?;
        let made = entry.make(&options).map_err(Foreign::failed)?;
        // SAFETY: the caller passes a place for the object.
        unsafe { give(made, object) }
    })
}

/// Destroys an object that [`give`] made of the same type.
pub(super) unsafe extern "C" fn destroy<T>(object: *mut c_void) {
    if !object.is_null() {
        // A `Drop` may panic; that must not cross.
        // SAFETY: `give` made it with this type, and the receiver destroys it once.
        guard_or((), || drop(unsafe { Box::from_raw(object.cast::<T>()) }));
    }
}
