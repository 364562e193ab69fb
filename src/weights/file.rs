//! Bytes of a regular file, read whole.
//!
//! A pipe would block and a device would never end, so anything but a regular file is refused before it is opened.

use super::error::{Fault, WeightsError};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// All bytes of the file.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, WeightsError> {
    load_start(path, u64::MAX)
}

/// The first `limit` bytes of the file, or all if it is shorter.
pub(super) fn load_start(path: &Path, limit: u64) -> Result<Vec<u8>, WeightsError> {
    let io = |source| WeightsError::Io { operation: "read weights from", path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(io)?;
    if !kind.is_file() {
        let found = if kind.is_dir() { "a directory" } else { "a pipe, socket or device" };
        return Err(Fault::new("a file of weights (safetensors, .pt, .pth, .th)", found).in_file(path));
    }
    let length = kind.len().min(limit);
    let mut bytes = Vec::new();
    usize::try_from(length)
        .ok()
        .and_then(|length| bytes.try_reserve_exact(length).ok())
        .ok_or_else(|| io(io::Error::from(io::ErrorKind::OutOfMemory)))?;
    // The length was taken before; a file that grows meanwhile is cut there.
    File::open(path).map_err(io)?.take(length).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}
