//! Architectures: a graph crosses as bytes.

use super::{Bytes, Status, Str};
use std::ffi::c_void;

/// Functions of an architecture.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ModelTable {
    /// `sizeof(ModelTable)`.
    pub size: usize,
    /// Records the network for samples of the sizes `input[0..rank]` and so many classes, in train (1) or eval (0) mode,
    /// and writes its stored form (`Graph::to_bytes`) to `graph`.
    pub build: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            options: Str,
            input: *const usize,
            rank: usize,
            classes: usize,
            train: u32,
            graph: *mut Bytes,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Calls `push` for every parameter and buffer whose value the architecture itself brings, with its name and its
    /// entries, row-major. Absent where there are none. Since version 1.2.
    pub values: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            options: Str,
            input: *const usize,
            rank: usize,
            classes: usize,
            sink: *mut c_void,
            push: PushValue,
            error: *mut Bytes,
        ) -> Status,
    >,
}

/// Receives the value of one parameter or buffer.
pub type PushValue = unsafe extern "C" fn(sink: *mut c_void, name: Str, values: *const f64, len: usize);

const _: () = assert!(std::mem::size_of::<ModelTable>() == 24);
