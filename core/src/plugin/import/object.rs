//! An object of another library.

use std::ffi::c_void;

type Destroy = unsafe extern "C" fn(*mut c_void);

/// A pointer with what destroys it.
#[derive(Debug)]
pub(super) struct Object {
    pub pointer: *mut c_void,
    destroy: Destroy,
}

// SAFETY: tables ask that objects may be used and destroyed on any thread; in Rust, their traits are `Send + Sync`.
unsafe impl Send for Object {}
// SAFETY: as above; what must not be shared is behind `&mut`.
unsafe impl Sync for Object {}

impl Object {
    /// Takes over what a table made.
    pub fn new(pointer: *mut c_void, destroy: Destroy) -> Self {
        Object { pointer, destroy }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: the library that made it is never unloaded, and this is the only owner.
        unsafe { (self.destroy)(self.pointer) }
    }
}

/// The context of an entry: a constant of a library that is never unloaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context(pub *const c_void);

// SAFETY: entries are constants that every thread may read.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// The pointer. A method, so that closures capture the whole and not the raw field.
    pub fn get(self) -> *const c_void {
        self.0
    }
}
