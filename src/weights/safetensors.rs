//! The safetensors format: the length of a header in eight bytes, the header in JSON, then the tensors' bytes.
//!
//! Decided against the crate `safetensors` for reading: version 0.8 adds declared offsets before it compares them with
//! the file (a panic where overflow is checked), does not say which tensor is wrong, and forgets the order of tensors
//! without elements. It serves the tests as the other implementation instead.

use super::dtype::Dtype;
use super::error::Fault;
use super::format::MAX_HEADER;
use super::values::{TensorData, count};
use crate::pickle::shown;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The key of the header under which text lies that is no tensor.
pub(super) const METADATA: &str = "__metadata__";

/// A tensor as the header declares it.
#[derive(Deserialize)]
struct Declared {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// The byte after the header, by the first eight bytes of the file.
pub(super) fn header_end(start: &[u8]) -> u64 {
    let length = start.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length));
    length.min(MAX_HEADER) + 8
}

fn header(bytes: &[u8]) -> Result<(Map<String, Value>, usize), Fault> {
    let end = usize::try_from(header_end(bytes)).unwrap_or(usize::MAX);
    let text = bytes.get(8..end).ok_or_else(|| {
        let left = bytes.len().saturating_sub(8);
        let expected = format!("a safetensors header of {} bytes", end.saturating_sub(8));
        Fault::new(expected, format!("{left} (the file is cut off)")).at(8)
    })?;
    let map = serde_json::from_slice(text)
        .map_err(|error| Fault::new("a safetensors header in JSON", format!("{error} of the header")).at(8))?;
    Ok((map, end))
}

/// The text beside the tensors.
pub(super) fn metadata(bytes: &[u8]) -> Result<BTreeMap<String, String>, Fault> {
    let (mut header, _) = header(bytes)?;
    take_metadata(&mut header)
}

fn take_metadata(header: &mut Map<String, Value>) -> Result<BTreeMap<String, String>, Fault> {
    let Some(value) = header.remove(METADATA) else { return Ok(BTreeMap::new()) };
    serde_json::from_value(value)
        .map_err(|error| Fault::new(format!("strings by name under `{METADATA}`"), error.to_string()).at(8))
}

/// Reads every tensor, in the order in which their bytes lie in the file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, TensorData)>, Fault> {
    let (mut header, start) = header(bytes)?;
    take_metadata(&mut header)?;
    let data = bytes.get(start..).unwrap_or_default();
    let mut tensors = Vec::with_capacity(header.len());
    for (name, value) in header {
        let declared = Declared::deserialize(value)
            .map_err(|error| Fault::new("dtype, shape and data_offsets", error.to_string()).of_tensor(&name).at(8))?;
        tensors.push((name, declared));
    }
    // A stable sort, so tensors without elements keep the order of their names.
    tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);

    let mut covered = 0;
    let mut read = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let (begin, end) = tensor.data_offsets;
        let of_tensor = |fault: Fault| fault.of_tensor(&name);
        if begin != covered {
            let found = format!("a gap or an overlap: the next begins at {begin}");
            return Err(of_tensor(Fault::new(
                format!("tensors without gaps, the next at byte {covered} of the data"),
                found,
            )));
        }
        let at = (start as u64).saturating_add(begin as u64);
        let slice = data.get(begin..end).ok_or_else(|| {
            let found = format!("{} (the file is cut off, or its header is wrong)", data.len());
            of_tensor(Fault::new(format!("data of at least {end} bytes"), found)).at(at)
        })?;
        let dtype = Dtype::from_safetensors(&tensor.dtype).ok_or_else(|| {
            of_tensor(Fault::new("a known element type such as F32", format!("`{}`", shown(&tensor.dtype)))).at(8)
        })?;
        let length = count(&tensor.shape).and_then(|count| count.checked_mul(dtype.size()));
        if length != Some(slice.len()) {
            let expected = format!("bytes for {:?} elements of type {}", tensor.shape, tensor.dtype);
            return Err(of_tensor(Fault::new(expected, format!("{} bytes", slice.len()))).at(at));
        }
        let values = dtype.decode(slice).map_err(|fault| of_tensor(fault).at(at))?;
        covered = end;
        read.push((name, TensorData { shape: tensor.shape, values }));
    }
    if covered != data.len() {
        let expected = format!("{covered} bytes of data, as the header declares");
        return Err(Fault::new(expected, data.len().to_string()).at((start as u64).saturating_add(covered as u64)));
    }
    Ok(read)
}
