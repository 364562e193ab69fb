//! Writes safetensors: the same tensors give the same bytes, whatever the run, so files can be told apart by a hash.
//!
//! Decided against the crate's writer, which lays out tensors by name and metadata in the order of a hash table.

use super::atomic;
use super::error::WeightsError;
use super::format::MAX_HEADER;
use super::safetensors::METADATA;
use super::state_dict::StateDict;
use super::values::{Values, count};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Writes the tensors, and `metadata` as text beside them, so that the file is either the old one or the whole new one
/// even if the machine stops meanwhile.
///
/// Values keep their type: `f32`, `f64` or `i64`. Tensors lie in the order of the dictionary, except that those of
/// eight-byte elements come first, which keeps every tensor aligned.
///
/// # Errors
/// [`WeightsError::Unwritable`] for a tensor whose shape and number of values disagree or whose name the format
/// reserves, [`WeightsError::Io`] if the system refuses.
pub fn write_safetensors(
    path: &Path,
    tensors: &StateDict,
    metadata: &BTreeMap<String, String>,
) -> Result<(), WeightsError> {
    let unwritable = |name: &str, expected: String, found: String| {
        Err(WeightsError::Unwritable { path: path.to_owned(), name: name.to_owned(), expected, found })
    };
    let mut ordered: Vec<_> = tensors.iter().collect();
    ordered.sort_by_key(|(_, tensor)| std::cmp::Reverse(layout(&tensor.values).1));

    let mut header = Map::new();
    let mut offset = 0usize;
    for (name, tensor) in &ordered {
        if *name == METADATA {
            return unwritable(name, "a name that the format does not reserve".to_owned(), format!("`{METADATA}`"));
        }
        if count(&tensor.shape) != Some(tensor.values.len()) {
            let expected = format!("as many values as the shape {:?} has elements", tensor.shape);
            return unwritable(name, expected, tensor.values.len().to_string());
        }
        let (dtype, size) = layout(&tensor.values);
        let end = offset + tensor.values.len() * size;
        let declared = json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [offset, end] });
        header.insert((*name).to_owned(), declared);
        offset = end;
    }
    if !metadata.is_empty() {
        header.insert(METADATA.to_owned(), json!(metadata));
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    if header.len() as u64 > MAX_HEADER {
        let expected = format!("names and metadata of at most {MAX_HEADER} bytes in all");
        return unwritable(METADATA, expected, header.len().to_string());
    }
    let write = |out: &mut dyn Write| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        ordered.iter().try_for_each(|(_, tensor)| write_values(out, &tensor.values))
    };
    atomic::write(path, write).map_err(|source| WeightsError::Io {
        operation: "write weights to",
        path: path.to_owned(),
        source,
    })
}

/// The name of the element type and its width in bytes.
fn layout(values: &Values) -> (&'static str, usize) {
    match values {
        Values::F32(_) => ("F32", 4),
        Values::F64(_) => ("F64", 8),
        Values::I64(_) => ("I64", 8),
    }
}

fn write_values(out: &mut dyn Write, values: &Values) -> io::Result<()> {
    match values {
        Values::F32(values) => values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes())),
        Values::F64(values) => values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes())),
        Values::I64(values) => values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes())),
    }
}
