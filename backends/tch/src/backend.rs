//! Opening the backend, and moving numbers to it.

use crate::lower::Fusion;
use crate::run::TchExecutable;
use crate::shim::{self, Entered, Held, Place, cuda, words};
use crate::space::{TchSpace, kind_of};
use hesse_core::backend::{
    BackendError, BackendInfo, BackendRequest, DeviceTensor, Executable, HostTensor, SecondOrderBackend,
};
use hesse_core::device::{Accelerator, CudaName, DeviceError, DeviceName, cuda_error, driver_release};
use hesse_core::graph::Kind;
use hesse_core::program::Program;
use hesse_core::vectors::{Precision, VectorSpace};
use std::thread::available_parallelism;
use tch::{Device, Tensor};

/// The name in the registry.
pub(crate) const NAME: &str = "tch";

/// An uploaded tensor, flat.
pub(crate) struct Uploaded {
    pub tensor: Held,
    pub kind: Kind,
}

/// libtorch on one device.
pub struct TchBackend {
    precision: Precision,
    place: Place,
    details: String,
}

/// The devices that this machine has. Whether libtorch's CUDA part is here too is found out when one of them is opened.
pub(crate) fn devices() -> Vec<String> {
    let cuda = (0..cuda::devices()).map(|n| format!("cuda:{n}"));
    std::iter::once("cpu".to_string()).chain(cuda).collect()
}

/// Opens the backend as the registry asks.
pub(crate) fn open(request: &BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    Ok(Box::new(TchBackend::new(request)?))
}

impl TchBackend {
    /// Opens the backend.
    ///
    /// # Errors
    /// Where libtorch cannot be set up, or there is no such device: see [`DeviceError`].
    pub fn new(request: &BackendRequest) -> Result<Self, BackendError> {
        let wrong = |error: DeviceError| error.of(NAME, &request.device);
        let refuse = |cause: String| BackendError::Device { backend: NAME, device: request.device.clone(), cause };
        let name: DeviceName = request.device.parse().map_err(wrong)?;
        let threads = request.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).max(1);
        let (place, device) = match name {
            DeviceName::Cpu => (Place::cpu(threads), String::new()),
            DeviceName::Cuda(name) => (Place::cuda(name, threads), open_cuda(name).map_err(wrong)?),
        };
        shim::set_up().map_err(refuse)?;
        let details = shim::describe().map_err(refuse)? + &device;
        Ok(TchBackend { precision: request.precision, place, details })
    }

    /// The backend on the CPU, computing as it does on other devices: with libtorch's operations alone. For tests, because
    /// those operations are the same everywhere.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[doc(hidden)]
    pub fn as_elsewhere(request: &BackendRequest) -> Result<Self, BackendError> {
        let mut backend = Self::new(request)?;
        backend.place.plain = true;
        Ok(backend)
    }
}

/// Opens libtorch's CUDA part for a device that the driver has, and tells what it is.
fn open_cuda(name: CudaName) -> Result<String, DeviceError> {
    let found = cuda::find(name)?;
    cuda::open()?;
    let unusable = |cause: String| DeviceError::Unusable { cause };
    match cuda::usable().map_err(unusable)? {
        None => {
            let cause = "libtorch does not see its CUDA part, which was opened after it had looked for it; start again";
            return Err(unusable(cause.to_string()));
        }
        Some(devices) if name.ordinal >= devices => {
            return Err(unusable(format!("libtorch can use {devices} devices, the driver has more")));
        }
        Some(_) => {}
    }
    let device = Device::Cuda(name.ordinal);
    // Its kernels must be there for this very device.
    Entered::new(Place::cuda(name, 1)).and_then(|_entered| cuda::try_out(device)).map_err(unusable)?;
    let release = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    let accelerator = Accelerator {
        name: found.name,
        compute_capability: found.capability,
        memory_bytes: found.memory_bytes,
        driver: release.and_then(|text| driver_release(&text)),
        cuda: Some(found.cuda),
        tf32: name.tf32,
        deterministic: !name.nondeterministic,
    };
    Ok(format!(", {}{}", cuda::describe().map_err(unusable)?, accelerator.lines()))
}

/// What devices are called.
fn called(device: Device) -> String {
    match device {
        Device::Cuda(n) => format!("cuda:{n}"),
        _ => "cpu".to_string(),
    }
}

/// The operation of whose derivative libtorch says that it has none.
fn underived(cause: &str) -> Option<String> {
    let (before, _) = cause.split_once(" is not implemented")?;
    let name = before.rsplit_once("derivative for ")?.1.trim_matches('\'');
    (!name.is_empty() && !name.contains(' ')).then(|| name.to_string())
}

/// A failure of libtorch, told apart where memory was short or a derivative is missing.
pub(crate) fn failure(device: Device, program: &str, operation: &str, cause: String) -> BackendError {
    // libtorch has no code for it on the CPU, only these words.
    const SHORT: &str = "you tried to allocate ";
    if let Some(missing) = underived(&cause) {
        let cause =
            "libtorch has no derivative of this operation, so no product through it; replace it in the network, or \
                     use what needs fewer derivatives"
                .to_string();
        return BackendError::Operation { program: program.to_string(), operation: missing, cause };
    }
    if let Some(error) = cuda_error(NAME, &called(device), program, &cause).filter(|_| device.is_cuda()) {
        return error;
    }
    let bytes = cause.split(SHORT).nth(1).and_then(|rest| rest.split(' ').next()).and_then(|n| n.parse().ok());
    match bytes {
        Some(bytes) => BackendError::Memory { device: "cpu".to_string(), bytes },
        None => BackendError::Operation { program: program.to_string(), operation: operation.to_string(), cause },
    }
}

impl SecondOrderBackend for TchBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo {
            name: NAME,
            device: called(self.place.device),
            precision: self.precision,
            threads: self.place.threads,
            details: self.details.clone(),
        }
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        Ok(Box::new(TchExecutable::new(program, batch, Fusion::Chains, self.precision, self.place)?))
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        Box::new(TchSpace::new(dimension, precision, self.place))
    }

    fn upload(&self, host: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let device = self.place.device;
        let fail = |cause| failure(device, "upload", "copy", cause);
        let _entered = Entered::new(self.place).map_err(fail)?;
        let real = kind_of(self.precision);
        // Numbers are rounded to the compute type once, by the conversion.
        let (tensor, kind, each) = match host {
            HostTensor::Pixels(p) => {
                let values: Vec<f64> = p.iter().map(|&v| f64::from(v) / 255.0).collect();
                (Tensor::f_from_slice(&values).and_then(|t| t.f_to_kind(real)), Kind::Real, self.precision.bytes())
            }
            HostTensor::Real(r) => {
                (Tensor::f_from_slice(r).and_then(|t| t.f_to_kind(real)), Kind::Real, self.precision.bytes())
            }
            HostTensor::Index(i) => {
                let values: Vec<i64> = i.iter().map(|&v| i64::from(v)).collect();
                (Tensor::f_from_slice(&values), Kind::Index, size_of::<i64>())
            }
        };
        let tensor = tensor.and_then(|t| t.f_to_device(device));
        let tensor = Held::new(tensor.map_err(words).map_err(fail)?);
        Ok(DeviceTensor::new(Box::new(Uploaded { tensor, kind }), host.len() * each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_allocation_is_told_apart_with_its_size() {
        let text = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes. Error code 12";
        assert!(matches!(failure(Device::Cpu, "p", "matmul", text.into()), BackendError::Memory { bytes: 4096, .. }));
        assert!(matches!(failure(Device::Cpu, "p", "matmul", "sizes".into()), BackendError::Operation { .. }));
        let text = "derivative for aten::_cdist_backward is not implemented";
        let error = failure(Device::Cpu, "hessian product", "differential", text.into()).to_string();
        assert!(error.starts_with("hessian product: aten::_cdist_backward: libtorch has no derivative"), "{error}");
        let text = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 79.18 GiB";
        let error = failure(Device::Cuda(1), "p", "matmul", text.into());
        let wanted = 2 << 30;
        assert!(
            matches!(&error, BackendError::Memory { device, bytes } if device == "cuda:1" && *bytes == wanted),
            "{error}"
        );
        let error = failure(Device::Cuda(0), "p", "matmul", "CUDA error: an illegal memory access".into());
        assert!(matches!(error, BackendError::Device { .. }), "{error}");
    }
}
