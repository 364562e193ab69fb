//! Opening the backend, and moving numbers to it.

use crate::element::Element;
use crate::lower::Fusion;
use crate::run::CandleExecutable;
use crate::space::CandleSpace;
use crate::tensor;
use candle_core::{CpuStorage, DType, Tensor};
use hesse_core::backend::{
    BackendError, BackendInfo, BackendRequest, DeviceTensor, Executable, HostTensor, SecondOrderBackend,
};
use hesse_core::device::{CudaName, DeviceError, DeviceName};
use hesse_core::graph::Kind;
use hesse_core::program::Program;
use hesse_core::vectors::{Precision, VectorSpace};
use std::sync::Arc;

/// An uploaded tensor.
pub(crate) struct Uploaded {
    pub tensor: Tensor,
    pub kind: Kind,
}

/// The Candle backend on the CPU.
pub struct CandleBackend {
    precision: Precision,
    pool: Arc<rayon::ThreadPool>,
}

/// One line for lists of backends.
pub(crate) const SUMMARY: &str = if cfg!(feature = "cuda") {
    "Candle tensors, on the CPU with Hesse's own parallel kernels, on NVIDIA devices with Candle's; built in"
} else {
    "Candle tensors with Hesse's own parallel kernels; built in"
};

/// What the backend is called.
const NAME: &str = "candle";

/// The devices of this build that this machine has.
pub(crate) fn devices() -> Vec<String> {
    #[cfg(feature = "cuda")]
    let others = crate::tensors::devices();
    #[cfg(not(feature = "cuda"))]
    let others = Vec::new();
    std::iter::once("cpu".to_string()).chain(others).collect()
}

/// Opens the backend as the registry asks.
pub(crate) fn open(request: &BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    match request.device.parse().map_err(|error: DeviceError| error.of(NAME, &request.device))? {
        DeviceName::Cpu => Ok(Box::new(CandleBackend::new(request)?)),
        DeviceName::Cuda(name) => open_cuda(name, request),
    }
}

#[cfg(feature = "cuda")]
fn open_cuda(name: CudaName, request: &BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    let opened = crate::tensors::open(name, request.precision).map_err(|error| error.of(NAME, &request.device))?;
    Ok(Box::new(opened))
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(_: CudaName, request: &BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    Err(DeviceError::NotBuilt { mend: MEND }.of(NAME, &request.device))
}

/// What builds the program for CUDA devices.
#[cfg(not(feature = "cuda"))]
const MEND: &str = "`cargo xtask cuda build --release --features cuda` builds one for NVIDIA devices, into target/with-cuda, \
                    and `--backend tch` needs none";

impl CandleBackend {
    /// Opens the backend with its own threads.
    ///
    /// # Errors
    /// Where the device is not the CPU or threads cannot be started.
    pub fn new(request: &BackendRequest) -> Result<Self, BackendError> {
        let refuse = |cause: String| BackendError::Device { backend: NAME, device: request.device.clone(), cause };
        if request.device != "cpu" {
            return Err(refuse("expected cpu".to_string()));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(request.threads.unwrap_or(0))
            .thread_name(|i| format!("hesse-candle-{i}"))
            .build()
            .map_err(|e| refuse(e.to_string()))?;
        Ok(CandleBackend { precision: request.precision, pool: Arc::new(pool) })
    }

    fn real<T: Element>(&self, values: impl ExactSizeIterator<Item = f64>) -> candle_core::Result<Tensor> {
        let tensor = tensor::zeros(values.len(), T::DTYPE)?;
        tensor::write(&tensor, "upload", |s| {
            T::slice_mut(s)?.iter_mut().zip(values).for_each(|(t, v)| *t = T::narrow(v));
            Ok(())
        })?;
        Ok(tensor)
    }

    fn any_real(&self, values: impl ExactSizeIterator<Item = f64>) -> candle_core::Result<Tensor> {
        match self.precision {
            Precision::F32 => self.real::<f32>(values),
            Precision::F64 => self.real::<f64>(values),
        }
    }
}

fn indices(values: &[u32]) -> candle_core::Result<Tensor> {
    let tensor = tensor::zeros(values.len(), DType::U32)?;
    tensor::write(&tensor, "upload", |s| match s {
        CpuStorage::U32(to) => {
            to[..values.len()].copy_from_slice(values);
            Ok(())
        }
        _ => Err(candle_core::Error::Msg("expected index storage".into())),
    })?;
    Ok(tensor)
}

impl SecondOrderBackend for CandleBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo {
            name: NAME,
            device: "cpu".to_string(),
            precision: self.precision,
            threads: self.pool.current_num_threads(),
            details: format!("candle-core 0.11, {}", processor()),
        }
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        let pool = self.pool.clone();
        Ok(match self.precision {
            Precision::F32 => Box::new(CandleExecutable::<f32>::new(program, batch, Fusion::Chains, pool)?),
            Precision::F64 => Box::new(CandleExecutable::<f64>::new(program, batch, Fusion::Chains, pool)?),
        })
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        match precision {
            Precision::F32 => Box::new(CandleSpace::<f32>::new(dimension, self.pool.clone())),
            Precision::F64 => Box::new(CandleSpace::<f64>::new(dimension, self.pool.clone())),
        }
    }

    fn upload(&self, host: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let (tensor, kind) = match host {
            HostTensor::Pixels(p) => (self.any_real(p.iter().map(|&v| f64::from(v) / 255.0)), Kind::Real),
            HostTensor::Real(r) => (self.any_real(r.iter().copied()), Kind::Real),
            HostTensor::Index(i) => (indices(i), Kind::Index),
        };
        let bytes = host.len() * if kind == Kind::Real { self.precision.bytes() } else { 4 };
        let tensor = tensor.map_err(|_| BackendError::Memory { device: "cpu".to_string(), bytes })?;
        Ok(DeviceTensor::new(Box::new(Uploaded { tensor, kind }), bytes))
    }
}

/// The processor features that decide which kernels run.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("AVX2", std::is_x86_feature_detected!("avx2")),
            ("FMA", std::is_x86_feature_detected!("fma")),
            ("AVX-512", std::is_x86_feature_detected!("avx512f")),
        ];
        let names: Vec<&str> = found.iter().filter(|f| f.1).map(|f| f.0).collect();
        format!("x86-64 with {}", if names.is_empty() { "no vector extensions".into() } else { names.join(", ") })
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::env::consts::ARCH.to_string()
}
