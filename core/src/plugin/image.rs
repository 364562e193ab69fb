//! A look at a library's file before the system's loader maps it.
//!
//! The loader trusts the file: where a truncated library lacks the end of a segment, touching the missing pages is a bus
//! error that ends the process. So the segments are compared with the length of the file first. Only ELF is read; other
//! systems' loaders check by themselves.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Why a file cannot be a whole library.
///
/// # Errors
/// Where it cannot be read, is too short, or ends before its segments do.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    if !metadata.is_file() {
        return Err("not a file".into());
    }
    let length = metadata.len();
    let mut header = [0; 64];
    let read = read_up_to(&mut file, &mut header).map_err(|e| e.to_string())?;
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    if read < header.len() || header[..4] != *b"\x7fELF" {
        return Err("not an ELF library".into());
    }
    // Class 2: 64 bits; data 1: little-endian. The loader itself refuses foreign machines with a message of its own.
    if header[4] != 2 || header[5] != 1 {
        return Ok(());
    }
    let (offset, size, count) = (u64_at(&header, 32), u16_at(&header, 54), u16_at(&header, 56));
    if size < 56 {
        return Err(format!("expected program headers of 56 bytes or more, found {size}"));
    }
    let cut = |end: Option<u64>| match end {
        Some(end) if end <= length => Ok(()),
        _ => Err(format!("the file is cut off: it has {length} bytes, and its segments need more")),
    };
    cut(offset.checked_add(u64::from(size) * u64::from(count)))?;
    for i in 0..u64::from(count) {
        let mut segment = [0; 56];
        file.seek(SeekFrom::Start(offset + i * u64::from(size))).map_err(|e| e.to_string())?;
        file.read_exact(&mut segment).map_err(|e| e.to_string())?;
        cut(u64_at(&segment, 8).checked_add(u64_at(&segment, 32)))?;
    }
    Ok(())
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.iter_mut().zip(bytes.iter().skip(at)).for_each(|(v, b)| *v = *b);
    u64::from_le_bytes(value)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let mut value = [0; 2];
    value.iter_mut().zip(bytes.iter().skip(at)).for_each(|(v, b)| *v = *b);
    u16::from_le_bytes(value)
}
