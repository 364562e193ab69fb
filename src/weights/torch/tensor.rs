//! A tensor as PyTorch's pickle describes it: which storage, which part of it, in which order.

use super::Storages;
use super::names::{self, Name};
use crate::pickle::{Node, NodeId, Tree, shown};
use crate::weights::dtype::Dtype;
use crate::weights::error::Fault;
use crate::weights::strided::Layout;
use crate::weights::values::Values;

/// Longest storage key. Keys are looked up once for each mention, so a long one would cost its length every time.
const MAX_KEY: usize = 256;

/// Parameters within parameters; real files have one.
const MAX_NESTING: usize = 4;

/// A mention of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StorageRef<'t> {
    pub(super) key: &'t str,
    pub(super) dtype: Dtype,
    /// Elements of the whole storage.
    pub(super) elements: usize,
    /// The part that is meant, as first element and length; very old files share storages this way.
    pub(super) view: Option<(usize, usize)>,
}

impl<'t> StorageRef<'t> {
    /// The storage that a persistent id names: ('storage', class, key, location, elements[, view]).
    pub(super) fn parse(tree: &'t Tree<'_>, id: NodeId) -> Result<Self, Fault> {
        let wrong = |what: &str| Fault::new("a persistent id of a storage: (storage, class, key, device, size)", what);
        let items = tree.sequence(id).ok_or_else(|| wrong(tree.get(id).kind()))?;
        let &[tag, class, key, _, elements, ref rest @ ..] = items else {
            return Err(wrong(&format!("a tuple of {} items", items.len())));
        };
        if tree.text(tag) != Some("storage") {
            return Err(wrong("another tag than `storage`"));
        }
        let Some(Name::Storage(dtype)) = tree.class(class).and_then(names::lookup) else {
            return Err(wrong(&format!("{} for its class", tree.get(class).kind())));
        };
        let key = tree.text(key).ok_or_else(|| wrong(&format!("{} for its key", tree.get(key).kind())))?;
        if key.len() > MAX_KEY {
            return Err(wrong(&format!("a key of {} bytes", key.len())));
        }
        let view = match rest.first().map(|&view| (view, tree.get(view))) {
            None | Some((_, Node::None)) => None,
            Some((view, _)) => match tree.sequence(view) {
                Some(&[_, offset, length]) => Some((size(tree, offset)?, size(tree, length)?)),
                _ => return Err(wrong("a view that is no triple")),
            },
        };
        Ok(Self { key, dtype, elements: size(tree, elements)?, view })
    }

    /// Bytes of the whole storage.
    pub(super) fn byte_length(&self) -> Result<usize, Fault> {
        self.elements.checked_mul(self.dtype.size()).ok_or_else(|| {
            let expected = format!("a size of storage `{}` that fits the memory", shown(self.key));
            Fault::new(expected, format!("{} elements", self.elements))
        })
    }
}

/// Whether the value is a tensor or a parameter.
pub(super) fn is_tensor(tree: &Tree<'_>, id: NodeId) -> bool {
    let name = tree.call(id).and_then(|(class, _)| names::lookup(class));
    matches!(name, Some(Name::Tensor | Name::TypedTensor | Name::Parameter))
}

/// How to make a tensor.
#[derive(Debug)]
pub(super) struct Recipe<'t> {
    storage: StorageRef<'t>,
    dtype: Dtype,
    layout: Layout,
}

/// The recipe of a value for which [`is_tensor`] holds.
pub(super) fn recipe<'t>(tree: &'t Tree<'_>, mut id: NodeId) -> Result<Recipe<'t>, Fault> {
    let wrong = |id| Fault::new("a tensor", tree.get(id).kind());
    for _ in 0..MAX_NESTING {
        let (class, args) = tree.call(id).ok_or_else(|| wrong(id))?;
        match (names::lookup(class), args) {
            (Some(Name::Parameter), &[tensor, ..]) => id = tensor,
            (Some(Name::Tensor), &[storage, offset, shape, stride, ..]) => {
                let storage = stored(tree, storage)?;
                return Ok(Recipe { storage, dtype: storage.dtype, layout: layout(tree, offset, shape, stride)? });
            }
            (Some(Name::TypedTensor), &[storage, offset, shape, stride, _, _, dtype, ..]) => {
                let Some(Name::Dtype(dtype)) = tree.class(dtype).and_then(names::lookup) else {
                    return Err(Fault::new("an element type such as `torch.float32`", tree.get(dtype).kind()));
                };
                return Ok(Recipe {
                    storage: stored(tree, storage)?,
                    dtype,
                    layout: layout(tree, offset, shape, stride)?,
                });
            }
            (Some(Name::Tensor | Name::TypedTensor | Name::Parameter), args) => {
                return Err(Fault::new(format!("the arguments of `{class}`"), format!("{} of them", args.len())));
            }
            _ => return Err(wrong(id)),
        }
    }
    Err(Fault::new(format!("a parameter nested at most {MAX_NESTING} deep"), "a deeper one"))
}

impl Recipe<'_> {
    /// Elements of the tensor, after checking that all lie within the storage.
    pub(super) fn elements(&self) -> Result<usize, Fault> {
        let (start, length) = self.part()?;
        self.layout.check(length / self.dtype.size()).map_err(|fault| fault.at_part(start, self.storage.key))
    }

    /// The bytes of the storage that the tensor may use: first byte and length.
    fn part(&self) -> Result<(usize, usize), Fault> {
        let whole = self.storage.byte_length()?;
        let Some((first, length)) = self.storage.view else { return Ok((0, whole)) };
        match first.checked_add(length) {
            // Both products are at most `whole`, so neither overflows.
            Some(end) if end <= self.storage.elements => {
                Ok((first * self.storage.dtype.size(), length * self.storage.dtype.size()))
            }
            _ => Err(Fault::new(
                format!("a view within a storage of {} elements", self.storage.elements),
                format!("{length} elements from {first}"),
            )),
        }
    }

    /// The tensor's elements in row-major order; `elements` as [`Recipe::elements`] counted them.
    pub(super) fn read(&self, elements: usize, storages: &mut dyn Storages) -> Result<Values, Fault> {
        let (start, length) = self.part()?;
        let all = storages.bytes(&self.storage)?;
        let bytes = start.checked_add(length).and_then(|end| all.get(start..end)).ok_or_else(|| {
            Fault::new(format!("{length} bytes from {start} of the storage"), format!("{} in all", all.len()))
        })?;
        self.dtype.decode(&self.layout.gather(bytes, self.dtype.size(), elements))
    }

    pub(super) fn into_shape(self) -> Vec<usize> {
        self.layout.shape
    }
}

impl Fault {
    fn at_part(self, start: usize, key: &str) -> Self {
        match self {
            Fault::Malformed { place, expected, found } => {
                let part = if start == 0 { String::new() } else { format!(" from byte {start}") };
                Fault::Malformed { place, expected, found: format!("{found} in storage `{}`{part}", shown(key)) }
            }
            foreign => foreign,
        }
    }
}

fn stored<'t>(tree: &'t Tree<'_>, id: NodeId) -> Result<StorageRef<'t>, Fault> {
    match tree.get(id) {
        Node::Persistent(reference) => StorageRef::parse(tree, *reference),
        other => Err(Fault::new("a storage", other.kind())),
    }
}

fn layout(tree: &Tree<'_>, offset: NodeId, shape: NodeId, stride: NodeId) -> Result<Layout, Fault> {
    Ok(Layout { offset: size(tree, offset)?, shape: sizes(tree, shape)?, stride: sizes(tree, stride)? })
}

fn sizes(tree: &Tree<'_>, id: NodeId) -> Result<Vec<usize>, Fault> {
    let id = match tree.call(id) {
        Some((class, &[items])) if names::lookup(class) == Some(Name::Size) => items,
        _ => id,
    };
    let items = tree.sequence(id).ok_or_else(|| Fault::new("a tuple of sizes", tree.get(id).kind()))?;
    // A long tuple is copied only as far as shows that it is too long.
    items.iter().take(MAX_SIZES).map(|&item| size(tree, item)).collect()
}

/// One more than a layout accepts, so that its check still sees the excess.
const MAX_SIZES: usize = 65;

fn size(tree: &Tree<'_>, id: NodeId) -> Result<usize, Fault> {
    let wrong = |found: String| Fault::new("a size of zero or more", found);
    let value = tree.int(id).ok_or_else(|| wrong(tree.get(id).kind().to_owned()))?;
    // Held below 2^63, as PyTorch's own sizes are.
    i64::try_from(value).ok().and_then(|value| usize::try_from(value).ok()).ok_or_else(|| wrong(value.to_string()))
}
