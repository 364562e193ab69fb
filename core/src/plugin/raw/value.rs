//! Text, bytes and status codes.

/// Borrowed UTF-8, valid during the call it is passed to (or for ever, in a manifest). Null only where the length is 0.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Str {
    /// First byte.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

/// Bytes that know how to free themselves: whoever receives them calls `free` once, unless it is null.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    /// First byte.
    pub ptr: *mut u8,
    /// Number of bytes.
    pub len: usize,
    /// For their maker.
    pub cap: usize,
    /// Frees them.
    pub free: Option<unsafe extern "C" fn(bytes: *mut Bytes)>,
}

/// What a function returns. A function that does not return [`OK`] may fill its `error` with UTF-8 text.
pub type Status = i32;
/// Done.
pub const OK: Status = 0;
/// Failed; the message says why.
pub const FAILED: Status = 1;
/// Panicked; the message is the panic's.
pub const PANICKED: Status = 2;
/// Someone asked to stop.
pub const INTERRUPTED: Status = 3;
/// The device has too little memory; the message is `out of memory on DEVICE: N bytes wanted`, and what may follow. Since
/// version 1.2; an older program takes it for a failure.
pub const OUT_OF_MEMORY: Status = 4;

/// IEEE binary32.
pub const F32: u32 = 0;
/// IEEE binary64.
pub const F64: u32 = 1;

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<Str>() == 16 && offset_of!(Str, len) == 8);
    assert!(size_of::<Bytes>() == 32 && offset_of!(Bytes, free) == 24);
};
