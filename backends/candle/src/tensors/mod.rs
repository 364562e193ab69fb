//! The same programs on Candle's own operations, for devices other than the CPU.
//!
//! The kernels of this crate are loops over the processor's memory. Elsewhere every primitive is expressed through operations
//! of [`candle_core::Tensor`] that exist on every device, for f32, f64 and u32 alike, and are deterministic: gathering by
//! constant tables and matrix products make convolutions, and gathers with holes make pooling, slices and their adjoints.
//! Nothing here knows which device it runs on, so the conformance suite judges all of it on the CPU.
//!
//! Decided against: Candle's `conv2d` and its transpose (one stride and padding for both axes; the transpose is a naive
//! loop on CUDA), its pools (no positions, no padding), its scatter and `argmax` where ties matter, and kernels of our own
//! compiled at run time. The price is a pass over memory and a result for every element-wise primitive.

mod bind;
#[cfg(feature = "cuda")]
mod cuda;
mod executable;
mod failure;
mod plan;
mod primitives;
mod space;
mod tables;

#[cfg(feature = "cuda")]
pub(crate) use cuda::{devices, open};

use candle_core::{DType, Device, Tensor};
use executable::TensorExecutable;
use failure::Failure;
use hesse_core::backend::{BackendError, BackendInfo, DeviceTensor, Executable, HostTensor, SecondOrderBackend};
use hesse_core::graph::Kind;
use hesse_core::program::Program;
use hesse_core::vectors::{Precision, VectorSpace};
use space::TensorSpace;
use tables::Tables;

/// An uploaded tensor, flat.
struct Uploaded {
    tensor: Tensor,
    kind: Kind,
}

/// Candle's tensors on one device.
pub struct CandleTensors {
    /// What it is called.
    name: String,
    device: Device,
    precision: Precision,
    details: String,
    tables: Tables,
}

/// The type of a tensor's entries.
fn dtype(precision: Precision) -> DType {
    match precision {
        Precision::F32 => DType::F32,
        Precision::F64 => DType::F64,
    }
}

impl CandleTensors {
    fn new(name: String, device: Device, precision: Precision, details: String) -> Self {
        let tables = Tables::new(device.clone());
        CandleTensors { name, device, precision, details, tables }
    }

    /// The CPU, computing as other devices do. For tests: [`CandleBackend`](crate::CandleBackend) is several times faster.
    #[doc(hidden)]
    pub fn on_cpu(precision: Precision) -> Self {
        Self::new("cpu".into(), Device::Cpu, precision, "candle-core 0.11, its own operations".into())
    }

    fn failure(&self) -> Failure<'_> {
        Failure { program: "upload", device: &self.name }
    }
}

/// Numbers of the compute type on a device, rounded once, on the host.
fn real(values: impl Iterator<Item = f64>, precision: Precision, device: &Device) -> candle_core::Result<Tensor> {
    match precision {
        Precision::F32 => {
            let values: Vec<f32> = values.map(|v| v as f32).collect();
            Tensor::from_slice(&values, values.len(), device)
        }
        Precision::F64 => {
            let values: Vec<f64> = values.collect();
            Tensor::from_slice(&values, values.len(), device)
        }
    }
}

impl SecondOrderBackend for CandleTensors {
    fn info(&self) -> BackendInfo {
        BackendInfo {
            name: "candle",
            device: self.name.clone(),
            precision: self.precision,
            // The host only hands out work.
            threads: 1,
            details: self.details.clone(),
        }
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        let place = executable::Place { name: self.name.clone(), precision: self.precision };
        Ok(Box::new(TensorExecutable::new(program, batch, place, self.tables.clone())?))
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        Box::new(TensorSpace::new(dimension, precision, self.device.clone()))
    }

    fn upload(&self, host: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let (tensor, kind, each) = match host {
            HostTensor::Pixels(p) => {
                let values = p.iter().map(|&v| f64::from(v) / 255.0);
                (real(values, self.precision, &self.device), Kind::Real, self.precision.bytes())
            }
            HostTensor::Real(r) => {
                (real(r.iter().copied(), self.precision, &self.device), Kind::Real, self.precision.bytes())
            }
            HostTensor::Index(i) => (Tensor::from_slice(i, i.len(), &self.device), Kind::Index, size_of::<u32>()),
        };
        let bytes = host.len() * each;
        let tensor = tensor.map_err(|e| self.failure().of("copy", bytes, e))?;
        Ok(DeviceTensor::new(Box::new(Uploaded { tensor, kind }), bytes))
    }
}
