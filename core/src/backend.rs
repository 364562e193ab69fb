//! The backend trait: compile programs, run them, own every tensor.
//!
//! A backend implements primitives, not derivatives, so a third one is small and all pass one conformance suite. It is
//! chosen at run time; a type parameter on everything was decided against (burn, the strongest Rust project in this
//! field, gave its own up). Device memory crosses this trait only as opaque handles.

use crate::program::{Program, Role};
use crate::vectors::{Precision, VectorError, VectorSpace, View, ViewMut};
use std::any::Any;
use thiserror::Error;

/// What the program asks of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendRequest {
    /// `cpu`, `cuda`, `cuda:1`, …
    pub device: String,
    /// The compute type.
    pub precision: Precision,
    /// Number of threads; none for all cores.
    pub threads: Option<usize>,
}

/// What a backend says of itself; part of every result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendInfo {
    /// As in the registry.
    pub name: &'static str,
    /// The device in use.
    pub device: String,
    /// The compute type.
    pub precision: Precision,
    /// Number of threads.
    pub threads: usize,
    /// Versions and processor features, for people; with an accelerator, also
    /// [its facts](crate::device::Accelerator::lines).
    pub details: String,
}

/// A failure of a backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The device does not exist or is not supported.
    #[error("backend {backend}: device '{device}': {cause}")]
    Device {
        /// Which backend.
        backend: &'static str,
        /// What was asked for.
        device: String,
        /// Why not.
        cause: String,
    },
    /// An input that a program reads was not given or has the wrong size.
    #[error("{program}: input {input}: expected {expected}, found {found}")]
    Input {
        /// Which program.
        program: String,
        /// Which input.
        input: String,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A primitive failed.
    #[error("{program}: {operation}: {cause}")]
    Operation {
        /// Which program.
        program: String,
        /// Which primitive.
        operation: String,
        /// Why.
        cause: String,
    },
    /// Memory is short.
    #[error("out of memory on {device}: {bytes} bytes wanted; use a smaller --batch-size or --memory")]
    Memory {
        /// Where.
        device: String,
        /// How much.
        bytes: usize,
    },
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// A backend of another library failed.
    #[error("backend {backend}: {cause}")]
    Foreign {
        /// Which backend.
        backend: &'static str,
        /// In its own words.
        cause: String,
    },
}

impl BackendError {
    /// Builds a [`BackendError::Input`].
    pub fn input(program: &str, input: &str, expected: impl ToString, found: impl ToString) -> Self {
        BackendError::Input {
            program: program.to_string(),
            input: input.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

/// A tensor in device memory.
pub struct DeviceTensor {
    storage: Box<dyn Any + Send + Sync>,
    bytes: usize,
}

impl DeviceTensor {
    /// Wraps a backend's own tensor. Only backends call this.
    pub fn new(storage: Box<dyn Any + Send + Sync>, bytes: usize) -> Self {
        DeviceTensor { storage, bytes }
    }
    /// The tensor, for the backend that made it.
    pub fn storage<T: 'static>(&self) -> Option<&T> {
        self.storage.downcast_ref()
    }
    /// The tensor, for the backend that made it.
    pub fn storage_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.storage.downcast_mut()
    }
    /// Device memory held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl std::fmt::Debug for DeviceTensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceTensor({} bytes)", self.bytes)
    }
}

/// The kept outputs of a primal program.
pub type Saved = DeviceTensor;

/// Numbers on the host, on their way to a device.
#[derive(Debug, Clone, PartialEq)]
pub enum HostTensor {
    /// Pixels; the value is v / 255, rounded once to the compute type.
    Pixels(Vec<u8>),
    /// Real numbers.
    Real(Vec<f64>),
    /// Indices.
    Index(Vec<u32>),
}

impl HostTensor {
    /// The number of entries.
    pub fn len(&self) -> usize {
        match self {
            HostTensor::Pixels(v) => v.len(),
            HostTensor::Real(v) => v.len(),
            HostTensor::Index(v) => v.len(),
        }
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a program reads.
#[derive(Debug, Clone, Default)]
pub struct Feed<'a> {
    /// One column: all parameters, concatenated.
    pub parameters: Option<View<'a>>,
    /// One column: all buffers, concatenated.
    pub buffers: Option<View<'a>>,
    /// The samples.
    pub samples: Option<&'a DeviceTensor>,
    /// The labels.
    pub labels: Option<&'a DeviceTensor>,
    /// Real targets.
    pub targets: Option<&'a DeviceTensor>,
    /// Dropout masks, by site.
    pub masks: &'a [DeviceTensor],
    /// k directions.
    pub direction: Option<View<'a>>,
    /// What the primal program kept.
    pub saved: Option<&'a Saved>,
}

/// What a program returns to the host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The sum-reduced loss.
    pub loss: f64,
    /// The sum of weights.
    pub weight: f64,
    /// The network's output, row-major.
    pub output: Vec<f64>,
    /// The loss of each sample.
    pub per_sample_loss: Vec<f64>,
    /// Next values of buffers, by position.
    pub buffers: Vec<(usize, Vec<f64>)>,
}

impl Outcome {
    /// Takes the values of an output that goes to the host; what goes into a block or is kept leaves it as it is.
    pub fn take(&mut self, role: &Role, values: Vec<f64>) {
        let first = || values.first().copied().unwrap_or(0.0);
        match role {
            Role::Loss => self.loss = first(),
            Role::Weight => self.weight = first(),
            Role::Output => self.output = values,
            Role::PerSampleLoss => self.per_sample_loss = values,
            Role::Buffer(i) => self.buffers.push((*i, values)),
            Role::Flat { .. } | Role::Saved(_) => {}
        }
    }
}

/// A compiled program for one batch size.
pub trait Executable: Send {
    /// Runs the program. `Flat` outputs are added into the columns of `result`, one column for each direction (or one
    /// column where there is none); `Saved` outputs go to `keep`.
    ///
    /// # Errors
    /// Where an input is missing or misshapen, a label is out of range, or the device fails.
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError>;

    /// Memory for the kept outputs, to be filled by [`run`](Self::run) any number of times.
    ///
    /// # Errors
    /// Where memory is short.
    fn new_saved(&self) -> Result<Saved, BackendError>;

    /// Bytes that [`new_saved`](Self::new_saved) takes.
    fn saved_bytes(&self) -> usize;

    /// Bytes of working memory that the executable holds.
    fn workspace_bytes(&self) -> usize;

    /// Runs the program step by step and names the first primitive whose result is not finite while its operands are.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError>;
}

/// A device with its kernels.
pub trait SecondOrderBackend: Send + Sync {
    /// Who it is.
    fn info(&self) -> BackendInfo;

    /// Prepares a program for a batch size: order ([`Program::smallest`]), memory plan, kernels.
    ///
    /// # Errors
    /// Naming a primitive that the backend does not support.
    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError>;

    /// The space of vectors of this length; `copy` converts between precisions of the same backend.
    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace>;

    /// Copies numbers to the device.
    ///
    /// # Errors
    /// Where memory is short.
    fn upload(&self, tensor: &HostTensor) -> Result<DeviceTensor, BackendError>;
}
