//! PyTorch's two layouts: where each keeps its pickle and its storages. What a pickle means is the same in both.

mod archive;
mod checkpoint;
mod legacy;
mod names;
mod tensor;

pub(super) use archive::read as read_archive;
pub(super) use legacy::read as read_legacy;

use super::error::Fault;
use super::values::TensorData;
use crate::pickle::Tree;
use std::collections::HashMap;
use tensor::StorageRef;

/// Elements allowed beyond the length of the file, so that small files may hold expanded tensors.
const SPARE_ELEMENTS: usize = 1 << 20;

/// The raw bytes of storages, by their key.
trait Storages {
    /// All bytes of the storage, as many as the reference declares.
    fn bytes(&mut self, storage: &StorageRef<'_>) -> Result<&[u8], Fault>;
}

/// Every tensor of the checkpoint that the tree describes, by name.
///
/// Tensors may share a storage and may repeat elements, so a small file could ask for any amount of memory; in all,
/// they may have no more elements than the file has bytes (`file_length`), give or take [`SPARE_ELEMENTS`].
fn tensors(
    tree: &Tree<'_>,
    storages: &mut dyn Storages,
    file_length: usize,
) -> Result<Vec<(String, TensorData)>, Fault> {
    let entries = checkpoint::named_tensors(tree)?;
    let allowed = file_length.saturating_add(SPARE_ELEMENTS);
    let mut left = allowed;
    let mut order: Vec<(&str, TensorData)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (name, id) in entries {
        let recipe = tensor::recipe(tree, id).map_err(|fault| fault.of_tensor(name))?;
        let elements = recipe.elements().map_err(|fault| fault.of_tensor(name))?;
        left = left.checked_sub(elements).ok_or_else(|| {
            let expected = format!("at most {allowed} elements in a file of {file_length} bytes");
            Fault::new(expected, "more").of_tensor(name)
        })?;
        let values = recipe.read(elements, storages).map_err(|fault| fault.of_tensor(name))?;
        let tensor = TensorData { shape: recipe.into_shape(), values };
        // As in Python, the last of two equal keys counts and keeps the place of the first.
        match places.get(name).and_then(|&place| order.get_mut(place)) {
            Some(entry) => entry.1 = tensor,
            None => {
                places.insert(name, order.len());
                order.push((name, tensor));
            }
        }
    }
    Ok(order.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect())
}

#[cfg(test)]
mod tests;
