//! The IDX layout: a magic number that says type and dimensions, the extents as big-endian 32-bit numbers, the bytes.
//!
//! Only what MNIST uses is read: unsigned bytes in one dimension (labels) or three (pictures). The lengths must agree
//! to the byte, because a cut or joined file would otherwise shift pictures against labels without a sign.

use super::super::error::Flaw;
use super::super::file::describe;

/// Where the number of records stands in either kind of file.
pub const COUNT_AT: usize = 4;
/// Where the pictures begin.
pub const PICTURES_AT: usize = 16;
const LABELS_AT: usize = 8;

/// Checks a file of `side` × `side` pictures and returns how many it holds; they begin at [`PICTURES_AT`].
pub fn pictures(bytes: &[u8], side: usize) -> Result<usize, Flaw> {
    magic(bytes, 3, "pictures")?;
    let count = extent(bytes, COUNT_AT, "the number of pictures")?;
    for (at, what) in [(8, "rows"), (12, "columns")] {
        let found = extent(bytes, at, what)?;
        if found != side {
            return Err(Flaw::new(at, format!("{side} {what}"), found.to_string()));
        }
    }
    length(bytes, PICTURES_AT, count, side * side, "pictures")?;
    Ok(count)
}

/// Checks a file of labels, each below `classes`, and returns them.
pub fn labels(bytes: &[u8], classes: u8) -> Result<&[u8], Flaw> {
    magic(bytes, 1, "labels")?;
    let count = extent(bytes, COUNT_AT, "the number of labels")?;
    length(bytes, LABELS_AT, count, 1, "labels")?;
    let labels = bytes.get(LABELS_AT..).unwrap_or_default();
    match labels.iter().position(|&label| label >= classes) {
        Some(at) => {
            let found = format!("label {} (of sample {at})", labels.get(at).copied().unwrap_or_default());
            Err(Flaw::new(LABELS_AT + at, format!("a label below {classes}"), found))
        }
        None => Ok(labels),
    }
}

fn magic(bytes: &[u8], dimensions: u8, what: &str) -> Result<(), Flaw> {
    if bytes.starts_with(&[0, 0, 8, dimensions]) {
        return Ok(());
    }
    Err(Flaw::new(0, format!("an IDX file of {what} (00 00 08 {dimensions:02x})"), describe(bytes)))
}

fn extent(bytes: &[u8], at: usize, what: &str) -> Result<usize, Flaw> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(&number) => Ok(u32::from_be_bytes(number) as usize),
        None => Err(Flaw::new(bytes.len(), format!("{what} at bytes {at} to {}", at + 3), "the end of the file")),
    }
}

/// The records must fill the rest of the file exactly.
fn length(bytes: &[u8], start: usize, count: usize, record: usize, what: &str) -> Result<(), Flaw> {
    if count == 0 {
        return Err(Flaw::new(COUNT_AT, format!("at least one of the {what}"), "a count of 0"));
    }
    // Both factors come from 32-bit numbers; the sum is formed in 128 bits so that no header can overflow it.
    let end = start as u128 + count as u128 * record as u128;
    let found = bytes.len();
    if (found as u128) < end {
        let whole = (found - start.min(found)) / record;
        let found_text = format!("the end of the file after {whole} of them");
        return Err(Flaw::new(found, format!("{count} {what} up to byte {end}"), found_text));
    }
    if found as u128 > end {
        let more = found as u128 - end;
        return Err(Flaw::new(end as usize, format!("the end of {count} {what}"), format!("{more} more bytes")));
    }
    Ok(())
}
