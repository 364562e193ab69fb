//! Backends: compile and run programs, own every tensor.

use super::{Bytes, Columns, Destroy, SpaceTable, Status, Str};
use std::ffi::c_void;

/// What is asked of a backend; see `BackendRequest`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawBackendRequest {
    /// `sizeof(RawBackendRequest)`.
    pub size: usize,
    /// `cpu`, `cuda`, `cuda:1`, …
    pub device: Str,
    /// `F32` or `F64`: the compute type.
    pub precision: u32,
    /// Number of threads; 0 for all cores.
    pub threads: usize,
}

/// Pixels (`uint8_t`); the value is v / 255.
pub const TENSOR_PIXELS: u32 = 0;
/// Real numbers (`double`).
pub const TENSOR_REAL: u32 = 1;
/// Indices (`uint32_t`).
pub const TENSOR_INDEX: u32 = 2;

/// What a program reads; see `Feed`. A handle 0 stands for what is not given.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawFeed {
    /// `sizeof(RawFeed)`.
    pub size: usize,
    /// One column.
    pub parameters: Columns,
    /// One column.
    pub buffers: Columns,
    /// k columns.
    pub direction: Columns,
    /// Tensor.
    pub samples: u64,
    /// Tensor.
    pub labels: u64,
    /// Tensor.
    pub targets: u64,
    /// Kept values.
    pub saved: u64,
    /// Dropout masks.
    pub masks: *const u64,
    /// How many.
    pub masks_len: usize,
}

/// The network's output.
pub const RESULT_OUTPUT: u32 = 1;
/// The loss of each sample.
pub const RESULT_PER_SAMPLE_LOSS: u32 = 2;
/// The next values of the buffer of this `index`.
pub const RESULT_BUFFER: u32 = 3;

/// Where a program's results go.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RunReport {
    /// `sizeof(RunReport)`.
    pub size: usize,
    /// Passed to the functions.
    pub context: *mut c_void,
    /// The sum-reduced loss and the sum of weights.
    pub loss: Option<unsafe extern "C" fn(context: *mut c_void, loss: f64, weight: f64)>,
    /// Numbers that return to the host; `kind` is one of the `RESULT_` constants.
    pub values:
        Option<unsafe extern "C" fn(context: *mut c_void, kind: u32, index: usize, values: *const f64, len: usize)>,
}

/// What a backend says of itself; see `BackendInfo`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawBackendInfo {
    /// `sizeof(RawBackendInfo)`.
    pub size: usize,
    /// `F32` or `F64`.
    pub precision: u32,
    /// Number of threads.
    pub threads: usize,
}

/// Functions of a backend.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct BackendTable {
    /// `sizeof(BackendTable)`.
    pub size: usize,
    /// The devices it can use, one per line.
    pub devices: Option<unsafe extern "C" fn(context: *const c_void, devices: *mut Bytes, error: *mut Bytes) -> Status>,
    /// Opens one.
    pub open: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            request: *const RawBackendRequest,
            backend: *mut *mut c_void,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Closes one, and frees whatever handles of it are left.
    pub close: Destroy,
    /// Who it is; `device` and `details` are text.
    pub info: Option<
        unsafe extern "C" fn(
            backend: *const c_void,
            info: *mut RawBackendInfo,
            device: *mut Bytes,
            details: *mut Bytes,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Fills a table for vectors of this length; it comes with one owner, to be `release`d.
    pub space: Option<
        unsafe extern "C" fn(
            backend: *const c_void,
            dimension: usize,
            precision: u32,
            space: *mut SpaceTable,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Copies `len` numbers of one of the `TENSOR_` types to the device.
    pub upload: Option<
        unsafe extern "C" fn(
            backend: *const c_void,
            kind: u32,
            values: *const c_void,
            len: usize,
            tensor: *mut u64,
            bytes: *mut usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Frees a tensor or kept values; an unknown handle is ignored.
    pub free: Option<unsafe extern "C" fn(backend: *const c_void, tensor: u64)>,
    /// Prepares a program (`Program::to_bytes`) for a batch size.
    pub compile: Option<
        unsafe extern "C" fn(
            backend: *const c_void,
            program: Str,
            batch: usize,
            executable: *mut *mut c_void,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Destroys an executable, which may outlive its backend.
    pub destroy: Destroy,
    /// Runs it; see `Executable::run`.
    pub run: Option<
        unsafe extern "C" fn(
            executable: *mut c_void,
            feed: *const RawFeed,
            result: Columns,
            keep: u64,
            report: *const RunReport,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Memory for kept values.
    pub new_saved: Option<
        unsafe extern "C" fn(
            executable: *const c_void,
            saved: *mut u64,
            bytes: *mut usize,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Bytes of kept values (0) or of working memory (1).
    pub bytes: Option<unsafe extern "C" fn(executable: *const c_void, which: u32) -> usize>,
    /// Names the first primitive whose result is not finite; empty where there is none.
    pub first_not_finite: Option<
        unsafe extern "C" fn(
            executable: *mut c_void,
            feed: *const RawFeed,
            place: *mut Bytes,
            error: *mut Bytes,
        ) -> Status,
    >,
}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<RawBackendRequest>() == 40 && size_of::<RawFeed>() == 128 && size_of::<RunReport>() == 32);
    assert!(size_of::<RawBackendInfo>() == 24);
    assert!(size_of::<BackendTable>() == 112 && offset_of!(BackendTable, first_not_finite) == 104);
};
