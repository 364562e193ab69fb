//! Constant tables of indices on a device, shared by all programs of a backend: a deep network has few geometries and many
//! layers.

use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The index that stands for a zero. Candle's gathers give zeros for it, on every device.
pub(super) const HOLE: u32 = u32::MAX;

/// Tables by their contents.
#[derive(Clone)]
pub(super) struct Tables {
    device: Device,
    known: Arc<Mutex<HashMap<Vec<u32>, Tensor>>>,
}

impl Tables {
    pub fn new(device: Device) -> Self {
        Tables { device, known: Arc::default() }
    }

    /// Where the tables are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A table on the device.
    pub fn indices(&self, table: Vec<u32>) -> candle_core::Result<Tensor> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&table) {
            return Ok(found.clone());
        }
        let tensor = Tensor::from_slice(&table, table.len(), &self.device)?;
        known.insert(table, tensor.clone());
        Ok(tensor)
    }

    /// 0, 1, …, n − 1.
    pub fn iota(&self, n: usize) -> candle_core::Result<Tensor> {
        self.indices((0..n as u32).collect())
    }
}

/// Whether a table gives every entry its own: gathering by it changes nothing.
pub(super) fn is_identity(table: &[u32], size: usize) -> bool {
    table.len() == size && table.iter().enumerate().all(|(i, &t)| t as usize == i)
}
