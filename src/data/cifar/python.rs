//! The layout for Python: a pickled dictionary of a pixel array and a list of labels, as Python 2 wrote it.
//!
//! The pickle is read as inert data, and may mention nothing but the pieces of a numpy array of bytes; any other class
//! is refused by name. Re-saved copies (by Python 3, with newer protocols or newer numpy) name the same pieces
//! differently and are taken too.

use super::super::DataError;
use super::super::error::Flaw;
use super::super::file::{Contents, describe};
use super::{Batch, PIXELS, Variant};
use crate::pickle::{self, Node, NodeId, Tree};
use std::borrow::Cow;

const RECONSTRUCT: [&str; 2] = ["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"];
const ARRAY: &str = "numpy.ndarray";
const TYPE: &str = "numpy.dtype";
/// How Python 3 writes bytes for Python 2: as text, to be encoded when read.
const ENCODE: &str = "_codecs.encode";

fn allowed(name: &str) -> bool {
    RECONSTRUCT.contains(&name) || [ARRAY, TYPE, ENCODE].contains(&name)
}

/// Reads the pixels and labels of a pickled batch.
pub fn parse(contents: &Contents, variant: Variant) -> Result<Batch, DataError> {
    let bytes = contents.bytes.as_slice();
    if bytes.first() != Some(&0x80) {
        return Err(contents.flaw(Flaw::new(0, "a pickled batch", describe(bytes))));
    }
    let parsed =
        pickle::parse(bytes, 0, &allowed).map_err(|cause| DataError::Pickle { file: contents.path.clone(), cause })?;
    let reader = Reader { bytes, tree: &parsed.tree };
    let batch = reader.batch(variant);
    batch.map_err(|flaw| contents.flaw(flaw))
}

struct Reader<'a> {
    bytes: &'a [u8],
    tree: &'a Tree<'a>,
}

/// A value of the dictionary.
struct Entry {
    key: &'static str,
    value: NodeId,
    /// Where its key stands in the file; the values themselves keep no position.
    at: usize,
}

impl<'a> Reader<'a> {
    fn batch(&self, variant: Variant) -> Result<Batch, Flaw> {
        let labels = self.labels(&self.entry(label_key(variant))?, variant.classes())?;
        let images = self.pixels(&self.entry("data")?, labels.len())?;
        Ok(Batch { images, labels })
    }

    fn entry(&self, key: &'static str) -> Result<Entry, Flaw> {
        let root = self.tree.root();
        let Node::Dict(entries) = self.tree.get(root) else {
            return Err(Flaw::new(0, "a pickled dictionary", self.tree.get(root).kind()));
        };
        // As in Python, the last of several equal keys counts.
        match entries.iter().rev().find(|(name, _)| self.tree.text(*name) == Some(key)) {
            Some(&(name, value)) => Ok(Entry { key, value, at: self.offset(name) }),
            None => {
                let keys: Vec<&str> = entries.iter().take(8).filter_map(|(name, _)| self.tree.text(*name)).collect();
                Err(Flaw::new(0, format!("a dictionary with the key `{key}`"), format!("the keys {keys:?}")))
            }
        }
    }

    /// Where a string stands in the file: it is borrowed from it, so its address tells.
    fn offset(&self, id: NodeId) -> usize {
        let text = self.tree.text(id).unwrap_or_default();
        let at = (text.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize);
        if at < self.bytes.len() { at } else { 0 }
    }

    fn labels(&self, entry: &Entry, classes: usize) -> Result<Vec<u32>, Flaw> {
        let Node::List(items) = self.tree.get(entry.value) else {
            return Err(entry.flaw("a list of labels", self.tree.get(entry.value).kind()));
        };
        let label = |(sample, &item): (usize, &NodeId)| match self.tree.get(item) {
            Node::Int(label) if (0..classes as i128).contains(label) => Ok(*label as u32),
            Node::Int(label) => {
                Err(entry.flaw(&format!("labels below {classes}"), &format!("label {label} (of sample {sample})")))
            }
            other => Err(entry.flaw("a list of integers", &format!("{} (for sample {sample})", other.kind()))),
        };
        items.iter().enumerate().map(label).collect()
    }

    /// The pixels of `count` samples, one after the other.
    fn pixels(&self, entry: &Entry, count: usize) -> Result<Vec<u8>, Flaw> {
        let array = self.array(entry.value).ok_or_else(|| {
            let found = match self.tree.call(entry.value) {
                Some((name, _)) => format!("a {name} of another kind"),
                None => self.tree.get(entry.value).kind().to_owned(),
            };
            entry.flaw("a numpy array of unsigned bytes", &found)
        })?;
        let found = format!("shape {:?} with {} bytes", array.shape, array.bytes.len());
        let expected = format!("an array of shape [{count}, {PIXELS}], one row for each label");
        if count == 0 || array.shape != [count as i128, PIXELS as i128] || array.bytes.len() != count * PIXELS {
            return Err(entry.flaw(&expected, &found));
        }
        if !array.by_columns {
            return Ok(array.bytes.into_owned());
        }
        let mut rows = vec![0; count * PIXELS];
        for (pixel, column) in array.bytes.chunks_exact(count).enumerate() {
            rows.iter_mut().skip(pixel).step_by(PIXELS).zip(column).for_each(|(to, from)| *to = *from);
        }
        Ok(rows)
    }

    /// Follows how numpy pickles an array: `_reconstruct(ndarray, (0,), 'b')`, then the state
    /// (version, shape, type, order, bytes).
    fn array(&self, id: NodeId) -> Option<Array<'a>> {
        let (name, arguments) = self.tree.call(id)?;
        let of_arrays = self.tree.class(*arguments.first()?) == Some(ARRAY);
        let Node::Object(object) = self.tree.get(id) else { return None };
        let Node::Tuple(state) = self.tree.get(object.state?) else { return None };
        let &[_version, shape, kind, order, contents] = state.as_slice() else { return None };
        if !RECONSTRUCT.contains(&name) || !of_arrays || !self.is_bytes(kind) {
            return None;
        }
        let Node::Bool(by_columns) = *self.tree.get(order) else { return None };
        let shape = self.tree.sequence(shape)?.iter().map(|extent| self.tree.int(*extent)).collect::<Option<_>>()?;
        Some(Array { shape, by_columns, bytes: self.string(contents)? })
    }

    fn is_bytes(&self, kind: NodeId) -> bool {
        let Some((TYPE, arguments)) = self.tree.call(kind) else { return false };
        let code = arguments.first().and_then(|code| self.tree.text(*code));
        code.is_some_and(|code| matches!(code, "u1" | "|u1" | "B"))
    }

    fn string(&self, id: NodeId) -> Option<Cow<'a, [u8]>> {
        if let Node::Bytes(bytes) = self.tree.get(id) {
            return Some(Cow::Borrowed(bytes));
        }
        let (ENCODE, &[text, encoding]) = self.tree.call(id)? else { return None };
        let Node::Text(text) = self.tree.get(text) else { return None };
        if !matches!(self.tree.text(encoding)?, "latin1" | "latin-1") {
            return None;
        }
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
    }
}

struct Array<'a> {
    shape: Vec<i128>,
    /// Fortran's order: the first index runs fastest.
    by_columns: bool,
    bytes: Cow<'a, [u8]>,
}

impl Entry {
    fn flaw(&self, expected: &str, found: &str) -> Flaw {
        Flaw::new(self.at, format!("{expected} under the key `{}`", self.key), found)
    }
}

fn label_key(variant: Variant) -> &'static str {
    match variant {
        Variant::Ten => "labels",
        Variant::Hundred => "fine_labels",
    }
}
