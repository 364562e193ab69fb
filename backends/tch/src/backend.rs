//! Opening the backend, and moving numbers to it.

use crate::lower::Fusion;
use crate::run::TchExecutable;
use crate::shim::{self, Entered, Held, words};
use crate::space::{TchSpace, kind_of};
use hesse_core::backend::{
    BackendError, BackendInfo, BackendRequest, DeviceTensor, Executable, HostTensor, SecondOrderBackend,
};
use hesse_core::graph::Kind;
use hesse_core::program::Program;
use hesse_core::vectors::{Precision, VectorSpace};
use std::thread::available_parallelism;
use tch::Tensor;

/// The name in the registry.
pub(crate) const NAME: &str = "tch";

/// An uploaded tensor, flat.
pub(crate) struct Uploaded {
    pub tensor: Held,
    pub kind: Kind,
}

/// libtorch on the CPU.
pub struct TchBackend {
    precision: Precision,
    threads: usize,
    details: String,
}

/// The devices of this build.
pub(crate) fn devices() -> Vec<String> {
    vec!["cpu".to_string()]
}

/// Opens the backend as the registry asks.
pub(crate) fn open(request: &BackendRequest) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    Ok(Box::new(TchBackend::new(request)?))
}

impl TchBackend {
    /// Opens the backend.
    ///
    /// # Errors
    /// Where the device is not the CPU or libtorch cannot be set up.
    pub fn new(request: &BackendRequest) -> Result<Self, BackendError> {
        let refuse = |cause: String| BackendError::Device { backend: NAME, device: request.device.clone(), cause };
        if request.device != "cpu" {
            let cause = match request.device.starts_with("cuda") {
                true => "expected cpu; this build runs on the CPU alone",
                false => "expected cpu",
            };
            return Err(refuse(cause.to_string()));
        }
        shim::set_up().map_err(refuse)?;
        let threads = request.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).max(1);
        let details = shim::describe().map_err(refuse)?;
        Ok(TchBackend { precision: request.precision, threads, details })
    }
}

/// The operation of whose derivative libtorch says that it has none.
fn underived(cause: &str) -> Option<String> {
    let (before, _) = cause.split_once(" is not implemented")?;
    let name = before.rsplit_once("derivative for ")?.1.trim_matches('\'');
    (!name.is_empty() && !name.contains(' ')).then(|| name.to_string())
}

/// A failure of libtorch, told apart where memory was short or a derivative is missing.
pub(crate) fn failure(program: &str, operation: &str, cause: String) -> BackendError {
    // libtorch has no code for it on the CPU, only these words.
    const SHORT: &str = "you tried to allocate ";
    if let Some(missing) = underived(&cause) {
        let cause =
            "libtorch has no derivative of this operation, so no product through it; replace it in the network, or \
                     use what needs fewer derivatives"
                .to_string();
        return BackendError::Operation { program: program.to_string(), operation: missing, cause };
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
            device: "cpu".to_string(),
            precision: self.precision,
            threads: self.threads,
            details: self.details.clone(),
        }
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        Ok(Box::new(TchExecutable::new(program, batch, Fusion::Chains, self.precision, self.threads)?))
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        Box::new(TchSpace::new(dimension, precision, self.threads))
    }

    fn upload(&self, host: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let fail = |cause| failure("upload", "copy", cause);
        let _entered = Entered::new(self.threads).map_err(fail)?;
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
        assert!(matches!(failure("p", "matmul", text.into()), BackendError::Memory { bytes: 4096, .. }));
        assert!(matches!(failure("p", "matmul", "sizes".into()), BackendError::Operation { .. }));
        let text = "derivative for aten::_cdist_backward is not implemented";
        let error = failure("hessian product", "differential", text.into()).to_string();
        assert!(error.starts_with("hessian product: aten::_cdist_backward: libtorch has no derivative"), "{error}");
    }
}
