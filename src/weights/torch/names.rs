//! The classes and functions that a file of weights may mention, and nothing else.
//!
//! The list is shorter than that of PyTorch's own `weights_only` reader: quantized, sparse and subclassed tensors are
//! refused by name rather than misread.

use crate::weights::dtype::Dtype;

/// What an allowed name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// A dictionary subclass.
    Mapping,
    /// A value that no tensor depends on: a set, a device, encoded bytes.
    Plain,
    /// `torch.Size`, a tuple by another name.
    Size,
    /// A tensor as (storage, offset, shape, strides, …).
    Tensor,
    /// The same with the element type as the seventh argument, over an untyped storage.
    TypedTensor,
    /// A parameter as (tensor, …).
    Parameter,
    /// A class of storages.
    Storage(Dtype),
    /// An element type.
    Dtype(Dtype),
}

/// Looks up a dotted name; `None` means that the file must be refused.
pub(super) fn lookup(dotted: &str) -> Option<Name> {
    let (module, name) = dotted.rsplit_once('.')?;
    Some(match (module, name) {
        ("collections", "OrderedDict" | "Counter") => Name::Mapping,
        ("builtins" | "__builtin__", "set" | "frozenset") => Name::Plain,
        ("_codecs", "encode") | ("torch", "device") => Name::Plain,
        ("torch", "Size") => Name::Size,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Name::Tensor,
        ("torch._utils", "_rebuild_tensor_v3") => Name::TypedTensor,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Name::Parameter,
        ("torch" | "torch.cuda" | "torch.storage", storage) if storage.ends_with("Storage") => {
            Name::Storage(Dtype::from_storage_class(storage)?)
        }
        ("torch", dtype) => Name::Dtype(Dtype::from_torch(dtype)?),
        _ => return None,
    })
}

/// Whether a pickle may mention the name.
pub(super) fn allowed(dotted: &str) -> bool {
    lookup(dotted).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tensors_and_plain_containers_are_on_the_list() {
        for name in ["collections.OrderedDict", "torch.FloatStorage", "torch.cuda.HalfStorage", "torch.bfloat16"] {
            assert!(allowed(name), "{name}");
        }
        for name in [
            "os.system",
            "builtins.eval",
            "builtins.getattr",
            "torch.load",
            "torch.FooStorage",
            "torch.storage._load_from_bytes",
            "torch.serialization.load",
            "torch.nn.modules.linear.Linear",
            "numpy.core.multiarray.scalar",
            "system",
            ".",
            "",
        ] {
            assert!(!allowed(name), "{name}");
        }
    }
}
