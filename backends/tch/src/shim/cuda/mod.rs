//! CUDA devices: what the driver says of them, and opening the part of libtorch that computes there.

mod driver;
mod library;

pub(crate) use driver::{devices, find};
pub(crate) use library::open;

use super::{Outcome, checked, ffi, told};
use std::ffi::c_int;
use tch::Device;

/// What the loader says: its error is behind that of `libloading`.
fn loader(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The number of a CUDA device; negative for the CPU.
pub(super) fn number(device: Device) -> c_int {
    match device {
        Device::Cuda(n) => c_int::try_from(n).unwrap_or(c_int::MAX),
        _ => -1,
    }
}

/// How many devices libtorch can use; none where its CUDA part has not announced itself.
pub(crate) fn usable() -> Outcome<Option<usize>> {
    let mut count = 0;
    // SAFETY: the place is valid.
    checked(unsafe { ffi::hesse_cuda_devices(&raw mut count) })?;
    Ok(usize::try_from(count).ok())
}

/// Makes the device compute something, and waits for it.
pub(crate) fn try_out(device: Device) -> Outcome<()> {
    // SAFETY: a number that is no device is an error on the other side.
    checked(unsafe { ffi::hesse_cuda_try(number(device)) })
}

/// Versions of what computes there.
pub(crate) fn describe() -> Outcome<String> {
    // SAFETY: the place is valid.
    told(|text| unsafe { ffi::hesse_cuda_describe(text) })
}

/// Bytes that tensors hold on the device; 0 where it does not tell.
pub(super) fn bytes(device: Device) -> usize {
    let mut bytes = 0i64;
    // SAFETY: as above.
    match checked(unsafe { ffi::hesse_cuda_bytes(number(device), &raw mut bytes) }) {
        Ok(()) => usize::try_from(bytes).unwrap_or(0),
        Err(_) => 0,
    }
}
