//! Vectors: handles and the arithmetic on them.

use super::{Bytes, Status};
use std::ffi::c_void;

/// Some columns of a block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Handle of the block; 0 is none.
    pub block: u64,
    /// First column.
    pub start: usize,
    /// How many.
    pub count: usize,
}

/// Arithmetic on blocks of vectors of one length. Small matrices are column-major. Every function may be called from
/// any thread, but a block that is written by one call must not be used by another at the same time: such a call fails.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SpaceTable {
    /// `sizeof(SpaceTable)`.
    pub size: usize,
    /// Passed to the functions.
    pub context: *const c_void,
    /// Length of every vector.
    pub dimension: usize,
    /// `F32` or `F64`: the stored type.
    pub precision: u32,
    /// Adds an owner to the context, so that it outlives the call it was passed to.
    pub retain: Option<unsafe extern "C" fn(context: *const c_void)>,
    /// Takes an owner away.
    pub release: Option<unsafe extern "C" fn(context: *const c_void)>,
    /// A new block of so many zero vectors.
    pub zeros: Option<
        unsafe extern "C" fn(context: *const c_void, columns: usize, block: *mut u64, error: *mut Bytes) -> Status,
    >,
    /// Frees a block; an unknown handle is ignored.
    pub free: Option<unsafe extern "C" fn(context: *const c_void, block: u64)>,
    /// Sets one column from `len` numbers.
    pub write: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            block: u64,
            column: usize,
            values: *const f64,
            len: usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Reads one column into `len` numbers.
    pub read: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            block: u64,
            column: usize,
            values: *mut f64,
            len: usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// `XᵀY`, as `x.count * y.count` numbers.
    pub gram: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            x: Columns,
            y: Columns,
            out: *mut f64,
            len: usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// `Y ← β Y + X C` with `C` of `x.count * y.count` numbers; X and Y are different blocks.
    pub combine: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            y: Columns,
            beta: f64,
            x: Columns,
            c: *const f64,
            len: usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Copies columns to columns of another block.
    pub copy:
        Option<unsafe extern "C" fn(context: *const c_void, from: Columns, to: Columns, error: *mut Bytes) -> Status>,
    /// Multiplies each column by its factor.
    pub scale: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            x: Columns,
            factors: *const f64,
            len: usize,
            error: *mut Bytes,
        ) -> Status,
    >,
}

/// A symmetric linear map on the vectors of a space.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct OperatorTable {
    /// `sizeof(OperatorTable)`.
    pub size: usize,
    /// Passed to the functions; valid during the call that brought the table.
    pub context: *const c_void,
    /// The space of its vectors.
    pub space: *const SpaceTable,
    /// `Y ← A X`, as many columns as in X; X and Y are different blocks.
    pub apply:
        Option<unsafe extern "C" fn(context: *const c_void, x: Columns, y: Columns, error: *mut Bytes) -> Status>,
}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<Columns>() == 24);
    assert!(offset_of!(SpaceTable, retain) == 32 && offset_of!(SpaceTable, gram) == 80);
    assert!(offset_of!(SpaceTable, scale) == 104 && size_of::<SpaceTable>() == 112);
    assert!(size_of::<OperatorTable>() == 32);
};
