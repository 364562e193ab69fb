//! A backend of another library.

use super::executable::ForeignExecutable;
use super::object::{Context, Object};
use super::space::{ForeignSpace, Origin, needed, precision_of};
use crate::backend::{
    BackendError, BackendInfo, BackendRequest, DeviceTensor, Executable, HostTensor, SecondOrderBackend,
};
use crate::plugin::export::precision_code;
use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{self, BackendTable, Bytes, RawBackendInfo, RawBackendRequest, SpaceTable, Str};
use crate::program::Program;
use crate::vectors::{Precision, VectorSpace};
use std::sync::Arc;

/// An open backend; tensors and executables keep it open.
pub(super) struct Connection {
    pub object: Object,
    pub table: BackendTable,
    pub origin: Origin,
    pub name: &'static str,
}

/// A tensor or kept values of another library.
pub(super) struct ForeignTensor {
    pub connection: Arc<Connection>,
    pub handle: u64,
}

impl Drop for ForeignTensor {
    fn drop(&mut self) {
        if let Some(free) = self.connection.table.free {
            // SAFETY: the connection keeps the backend open.
            unsafe { free(self.connection.object.pointer, self.handle) }
        }
    }
}

struct ForeignBackend {
    connection: Arc<Connection>,
    info: BackendInfo,
}

/// The devices of a backend; none where it cannot tell.
pub(super) fn devices(context: Context, table: &BackendTable) -> Vec<String> {
    let Some(devices) = table.devices else { return Vec::new() };
    let mut list = Bytes::empty();
    // SAFETY: the context is a constant of a loaded library.
    let asked = call(|error| unsafe { devices(context.get(), &raw mut list, error) });
    // SAFETY: the callee filled the list or left it empty.
    let list = unsafe { list.take_text() };
    if asked.is_err() { Vec::new() } else { list.lines().map(str::to_string).collect() }
}

/// Opens a backend.
pub(super) fn open(
    name: &'static str,
    context: Context,
    table: &BackendTable,
    request: &BackendRequest,
) -> Result<Box<dyn SecondOrderBackend>, BackendError> {
    let opened = || -> Result<ForeignBackend, Foreign> {
        let (open, close) = (needed("open", table.open)?, needed("close", table.close)?);
        let raw = RawBackendRequest {
            size: size_of::<RawBackendRequest>(),
            device: Str::new(&request.device),
            precision: precision_code(request.precision),
            threads: request.threads.unwrap_or(0),
        };
        let mut pointer = std::ptr::null_mut();
        // SAFETY: the context is a constant of a loaded library; the request outlives the call.
        call(|error| unsafe { open(context.get(), &raw const raw, &raw mut pointer, error) })?;
        let object = Object::new(pointer, close);
        let connection = Arc::new(Connection { object, table: *table, origin: Origin::default(), name });
        let info = info(&connection)?;
        Ok(ForeignBackend { connection, info })
    };
    match opened() {
        Ok(backend) => Ok(Box::new(backend)),
        Err(error) => Err(failure(name, &error)),
    }
}

/// What another library answered, as an error of its backend.
pub(super) fn failure(backend: &'static str, error: &Foreign) -> BackendError {
    if error.status == raw::OUT_OF_MEMORY {
        let told = error.message.strip_prefix("out of memory on ").and_then(|rest| rest.split_once(": "));
        let (device, rest) = told.unwrap_or(("the device", ""));
        let bytes = rest.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        return BackendError::Memory { device: device.to_string(), bytes };
    }
    let cause = error.to_string();
    // The library's own error may say whose it is, as this one will.
    let cause = cause.strip_prefix(&format!("backend {backend}: ")).map(str::to_string).unwrap_or(cause);
    BackendError::Foreign { backend, cause }
}

fn info(connection: &Connection) -> Result<BackendInfo, Foreign> {
    let ask = needed("info", connection.table.info)?;
    let mut raw = RawBackendInfo { size: size_of::<RawBackendInfo>(), precision: raw::F32, threads: 0 };
    let (mut device, mut details) = (Bytes::empty(), Bytes::empty());
    // SAFETY: the connection is open; the places are our own.
    let asked =
        call(|error| unsafe { ask(connection.object.pointer, &raw mut raw, &raw mut device, &raw mut details, error) });
    // SAFETY: the callee filled them or left them empty.
    let (device, details) = unsafe { (device.take_text(), details.take_text()) };
    asked?;
    let precision = precision_of(raw.precision)?;
    Ok(BackendInfo { name: connection.name, device, precision, threads: raw.threads, details })
}

impl ForeignBackend {
    fn failed(&self, error: &Foreign) -> BackendError {
        failure(self.connection.name, error)
    }
}

/// A space that could not be made: every use of it is an error.
struct NoSpace {
    dimension: usize,
    precision: Precision,
    cause: String,
}

impl NoSpace {
    fn error<T>(&self, operation: &'static str) -> Result<T, crate::vectors::VectorError> {
        Err(crate::vectors::VectorError::Device { operation, cause: self.cause.clone() })
    }
}

impl VectorSpace for NoSpace {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn precision(&self) -> Precision {
        self.precision
    }
    fn zeros(&self, _: usize) -> Result<crate::vectors::Block, crate::vectors::VectorError> {
        self.error("zeros")
    }
    fn write(&self, _: &mut crate::vectors::Block, _: usize, _: &[f64]) -> Result<(), crate::vectors::VectorError> {
        self.error("write")
    }
    fn read(&self, _: &crate::vectors::Block, _: usize) -> Result<Vec<f64>, crate::vectors::VectorError> {
        self.error("read")
    }
    fn gram(
        &self,
        _: crate::vectors::View<'_>,
        _: crate::vectors::View<'_>,
    ) -> Result<Vec<f64>, crate::vectors::VectorError> {
        self.error("gram")
    }
    fn combine(
        &self,
        _: crate::vectors::ViewMut<'_>,
        _: f64,
        _: crate::vectors::View<'_>,
        _: &[f64],
    ) -> Result<(), crate::vectors::VectorError> {
        self.error("combine")
    }
    fn copy(
        &self,
        _: crate::vectors::View<'_>,
        _: crate::vectors::ViewMut<'_>,
    ) -> Result<(), crate::vectors::VectorError> {
        self.error("copy")
    }
    fn scale(&self, _: crate::vectors::ViewMut<'_>, _: &[f64]) -> Result<(), crate::vectors::VectorError> {
        self.error("scale")
    }
}

impl SecondOrderBackend for ForeignBackend {
    fn info(&self) -> BackendInfo {
        self.info.clone()
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        let compiled = || -> Result<ForeignExecutable, Foreign> {
            let (compile, destroy) =
                (needed("compile", self.connection.table.compile)?, needed("destroy", self.connection.table.destroy)?);
            let bytes = program.to_bytes().map_err(Foreign::failed)?;
            let mut pointer = std::ptr::null_mut();
            // SAFETY: the connection is open; the bytes outlive the call.
            call(|error| unsafe {
                compile(self.connection.object.pointer, Str::bytes(&bytes), batch, &raw mut pointer, error)
            })?;
            let object = Object::new(pointer, destroy);
            ForeignExecutable::new(Arc::clone(&self.connection), object, program.name.clone())
        };
        match compiled() {
            Ok(executable) => Ok(Box::new(executable)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        let made = || -> Result<ForeignSpace, Foreign> {
            let space = needed("space", self.connection.table.space)?;
            // SAFETY: all-zero bytes are a valid table: functions are options.
            let mut table: SpaceTable = unsafe { std::mem::zeroed() };
            let code = precision_code(precision);
            // SAFETY: the connection is open; the table is our own and comes with one owner.
            unsafe {
                call(|error| space(self.connection.object.pointer, dimension, code, &raw mut table, error))?;
                ForeignSpace::adopt(&table, Arc::clone(&self.connection.origin))
            }
        };
        match made() {
            Ok(space) => Box::new(space),
            Err(error) => Box::new(NoSpace { dimension, precision, cause: error.to_string() }),
        }
    }

    fn upload(&self, tensor: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let (kind, values): (u32, *const std::ffi::c_void) = match tensor {
            HostTensor::Pixels(v) => (raw::TENSOR_PIXELS, v.as_ptr().cast()),
            HostTensor::Real(v) => (raw::TENSOR_REAL, v.as_ptr().cast()),
            HostTensor::Index(v) => (raw::TENSOR_INDEX, v.as_ptr().cast()),
        };
        let uploaded = || -> Result<(u64, usize), Foreign> {
            let upload = needed("upload", self.connection.table.upload)?;
            let (mut handle, mut bytes) = (0, 0);
            // SAFETY: the connection is open; the numbers outlive the call and are of the kind's type.
            call(|error| unsafe {
                let pointer = self.connection.object.pointer;
                upload(pointer, kind, values, tensor.len(), &raw mut handle, &raw mut bytes, error)
            })?;
            Ok((handle, bytes))
        };
        let (handle, bytes) = uploaded().map_err(|error| self.failed(&error))?;
        let connection = Arc::clone(&self.connection);
        Ok(DeviceTensor::new(Box::new(ForeignTensor { connection, handle }), bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_backend_once() {
        let inner = BackendError::Device { backend: "far", device: "cuda".into(), cause: "no device".into() };
        let error = failure("far", &Foreign::from(inner)).to_string();
        assert_eq!(error, "backend far: device 'cuda': no device");
        assert_eq!(failure("far", &Foreign::failed("no")).to_string(), "backend far: no");
    }

    #[test]
    fn shortness_of_memory_stays_what_it_is() {
        let inner = BackendError::Memory { device: "cuda:1".into(), bytes: 4096 };
        let error = failure("far", &Foreign::from(inner));
        assert!(matches!(&error, BackendError::Memory { device, bytes: 4096 } if device == "cuda:1"), "{error}");
    }
}
