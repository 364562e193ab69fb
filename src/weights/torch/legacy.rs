//! PyTorch's layout before 1.6: five pickles one after the other (magic number, protocol, facts about the machine, the
//! object, the storage keys), then each storage as its number of elements and its bytes.

use super::Storages;
use super::names;
use super::tensor::StorageRef;
use crate::pickle::{self, Node, Tree, shown};
use crate::weights::error::Fault;
use crate::weights::values::TensorData;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i128 = 1001;

/// Reads every named tensor.
pub(in crate::weights) fn read(bytes: &[u8]) -> Result<Vec<(String, TensorData)>, Fault> {
    let (magic, end) = next(bytes, 0)?;
    if magic.int(magic.root()) != Some(MAGIC) {
        let found = format!("a pickle of {} that torch.save did not write", magic.get(magic.root()).kind());
        return Err(Fault::new("PyTorch's magic number", found).at(0));
    }
    let (protocol, end) = expect(bytes, end, "PyTorch's protocol number 1001", |node| *node == Node::Int(PROTOCOL))?;
    drop(protocol);
    // The facts say in which byte order the machine computes; the file is little-endian in any case.
    let (_, start) =
        expect(bytes, end, "facts about the machine as a dictionary", |node| matches!(node, Node::Dict(_)))?;
    let (tree, end) = next(bytes, start)?;
    let (keys, end) = expect(bytes, end, "a list of storage keys", |node| matches!(node, Node::List(_)))?;
    let references = references(&tree)?;
    let mut storages = Located { bytes, ranges: locate(bytes, end, &keys, &references)? };
    super::tensors(&tree, &mut storages, bytes.len())
}

fn next(bytes: &[u8], start: usize) -> Result<(Tree<'_>, usize), Fault> {
    let parsed = pickle::parse(bytes, start, &names::allowed)?;
    Ok((parsed.tree, parsed.end))
}

fn expect<'a>(
    bytes: &'a [u8],
    start: usize,
    expected: &str,
    right: impl Fn(&Node<'_>) -> bool,
) -> Result<(Tree<'a>, usize), Fault> {
    let (tree, end) = next(bytes, start)?;
    let root = tree.get(tree.root());
    if right(root) {
        return Ok((tree, end));
    }
    let found = match root {
        Node::Int(value) => value.to_string(),
        other => other.kind().to_owned(),
    };
    Err(Fault::new(expected, found).at(start as u64))
}

/// Every storage that the pickle mentions; only these tell how wide the elements of each are.
fn references<'t>(tree: &'t Tree<'_>) -> Result<HashMap<&'t str, StorageRef<'t>>, Fault> {
    let mut references: HashMap<&str, StorageRef<'_>> = HashMap::new();
    for node in tree.nodes() {
        let Node::Persistent(id) = node else { continue };
        let reference = StorageRef::parse(tree, *id)?;
        let known = references.entry(reference.key).or_insert(reference);
        if (known.dtype, known.elements) != (reference.dtype, reference.elements) {
            return Err(Fault::new(
                format!("{} elements of type {:?} in storage `{}`", known.elements, known.dtype, shown(known.key)),
                format!("{} of type {:?} at another mention", reference.elements, reference.dtype),
            ));
        }
    }
    Ok(references)
}

/// Where the bytes of each storage lie.
fn locate(
    bytes: &[u8],
    mut at: usize,
    keys: &Tree<'_>,
    references: &HashMap<&str, StorageRef<'_>>,
) -> Result<HashMap<String, Range<usize>>, Fault> {
    let mut ranges = HashMap::new();
    for &key in keys.sequence(keys.root()).unwrap_or_default() {
        let named = keys.text(key).and_then(|key| references.get(key));
        let storage = named.ok_or_else(|| {
            let found = keys.text(key).map_or(keys.get(key).kind().to_owned(), |key| format!("`{}`", shown(key)));
            Fault::new("the key of a storage that some tensor uses", found).at(at as u64)
        })?;
        let shown_key = shown(storage.key);
        let rest = bytes.get(at..).unwrap_or_default();
        let Some((count, data)) = rest.split_first_chunk::<8>() else {
            let expected = format!("the 8-byte length of storage `{shown_key}`");
            return Err(Fault::new(expected, format!("{} bytes (the file is cut off)", rest.len())).at(at as u64));
        };
        let count = u64::from_le_bytes(*count);
        if count != storage.elements as u64 {
            let expected = format!("{} elements in storage `{shown_key}`", storage.elements);
            return Err(Fault::new(expected, count.to_string()).at(at as u64));
        }
        let length = storage.byte_length()?;
        let start = at + 8;
        if data.len() < length {
            let expected = format!("{length} bytes of storage `{shown_key}`");
            return Err(Fault::new(expected, format!("{} (the file is cut off)", data.len())).at(start as u64));
        }
        at = start + length;
        match ranges.entry(storage.key.to_owned()) {
            Entry::Vacant(entry) => entry.insert(start..at),
            Entry::Occupied(_) => {
                return Err(Fault::new("each storage once", format!("`{shown_key}` again")).at(start as u64 - 8));
            }
        };
    }
    Ok(ranges)
}

struct Located<'b> {
    bytes: &'b [u8],
    ranges: HashMap<String, Range<usize>>,
}

impl Storages for Located<'_> {
    fn bytes(&mut self, storage: &StorageRef<'_>) -> Result<&[u8], Fault> {
        let range = self.ranges.get(storage.key).cloned();
        range.and_then(|range| self.bytes.get(range)).ok_or_else(|| {
            Fault::new(format!("storage `{}` in the list of storage keys", shown(storage.key)), "no such key")
        })
    }
}
