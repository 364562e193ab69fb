//! Tensors by name, in the order of the file, so that a listing reads like the network.

use super::values::TensorData;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Named tensors in a fixed order.
#[derive(Debug, Clone, Default)]
pub struct StateDict {
    entries: Vec<(String, TensorData)>,
    index: HashMap<String, usize>,
    source: Option<PathBuf>,
}

impl StateDict {
    /// A dictionary without tensors.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn from_file(path: &Path, tensors: Vec<(String, TensorData)>) -> Self {
        Self { source: Some(path.to_owned()), ..tensors.into_iter().collect() }
    }

    /// Adds a tensor at the end, or replaces the one of the same name in its place.
    pub fn insert(&mut self, name: impl Into<String>, tensor: TensorData) {
        let name = name.into();
        match self.index.get(&name).and_then(|&at| self.entries.get_mut(at)) {
            Some(entry) => entry.1 = tensor,
            None => {
                self.index.insert(name.clone(), self.entries.len());
                self.entries.push((name, tensor));
            }
        }
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<&TensorData> {
        self.index.get(name).and_then(|&at| self.entries.get(at)).map(|(_, tensor)| tensor)
    }

    /// Names and tensors in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &TensorData)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file that the tensors were read from, if they were.
    pub fn source(&self) -> Option<&Path> {
        self.source.as_deref()
    }

    /// The first NaN or infinity: the tensor's name, and the position among its elements in row-major order.
    pub fn first_non_finite(&self) -> Option<(String, usize)> {
        self.iter().find_map(|(name, tensor)| Some((name.to_owned(), tensor.values.first_non_finite()?)))
    }
}

impl FromIterator<(String, TensorData)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (String, TensorData)>>(tensors: I) -> Self {
        let mut dict = Self::new();
        tensors.into_iter().for_each(|(name, tensor)| dict.insert(name, tensor));
        dict
    }
}
