//! Reading and writing Candle tensors as slices.
//!
//! All tensors here are contiguous and start at the beginning of their storage. A kernel writes through Candle's
//! in-place custom operation, which holds the storage's lock; operands are read under read locks.

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Storage, Tensor};
use std::cell::RefCell;

/// A one-dimensional tensor of zeros.
pub(crate) fn zeros(elements: usize, dtype: DType) -> candle_core::Result<Tensor> {
    // Candle has no empty tensors on every path; one entry costs nothing.
    Tensor::zeros(elements.max(1), dtype, &Device::Cpu)
}

struct Write<F>(&'static str, RefCell<Option<F>>);

impl<F: FnOnce(&mut CpuStorage) -> candle_core::Result<()>> InplaceOp1 for Write<F> {
    fn name(&self) -> &'static str {
        self.0
    }
    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        match self.1.borrow_mut().take() {
            Some(f) => f(storage),
            None => Err(candle_core::Error::Msg(format!("{} ran twice", self.0))),
        }
    }
}

/// Runs `f` on the storage of `tensor`, as a custom operation with this name.
pub(crate) fn write<F>(tensor: &Tensor, name: &'static str, f: F) -> candle_core::Result<()>
where
    F: FnOnce(&mut CpuStorage) -> candle_core::Result<()>,
{
    tensor.inplace_op1(&Write(name, RefCell::new(Some(f))))
}

/// Runs `f` on the storage of `tensor`, shared.
pub(crate) fn read<R>(
    tensor: &Tensor,
    f: impl FnOnce(&CpuStorage) -> candle_core::Result<R>,
) -> candle_core::Result<R> {
    let (storage, _) = tensor.storage_and_layout();
    f(cpu(&storage)?)
}

/// The CPU storage behind a storage.
pub(crate) fn cpu(storage: &Storage) -> candle_core::Result<&CpuStorage> {
    match storage {
        Storage::Cpu(s) => Ok(s),
        _ => Err(candle_core::Error::Msg("expected CPU storage".into())),
    }
}
