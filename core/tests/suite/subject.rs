//! A backend with one case's numbers uploaded: runs programs and returns host vectors.

use crate::oracle::setting::Setting;
use crate::oracle::value::{Entries, Value};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendError, DeviceTensor, Executable, Feed, HostTensor, Outcome};
use hesse_core::program::{Product, Program};
use hesse_core::vectors::Block;

/// See the module.
pub struct Subject<'a> {
    /// The backend under test.
    pub backend: &'a dyn SecondOrderBackend,
    batch: usize,
    parameters: Block,
    buffers: Option<Block>,
    samples: DeviceTensor,
    labels: Option<DeviceTensor>,
    targets: Option<DeviceTensor>,
    masks: Vec<DeviceTensor>,
}

/// The compiled parts of a product.
pub struct Parts {
    /// Once per batch.
    pub primal: Box<dyn Executable>,
    /// Once per direction.
    pub tangent: Box<dyn Executable>,
    direction_len: usize,
    result_len: usize,
}

fn host(v: &Value<f64>) -> HostTensor {
    match &v.entries {
        Entries::Real(v) => HostTensor::Real(v.clone()),
        Entries::Index(v) => HostTensor::Index(v.clone()),
    }
}

impl<'a> Subject<'a> {
    /// Uploads a setting.
    pub fn new(backend: &'a dyn SecondOrderBackend, s: &Setting) -> Result<Self, BackendError> {
        let upload = |v: &Value<f64>| backend.upload(&host(v));
        let mut subject = Subject {
            backend,
            batch: s.batch,
            parameters: backend.space(0, backend.info().precision).zeros(1)?,
            buffers: None,
            samples: upload(&s.samples)?,
            labels: s.labels.as_ref().map(upload).transpose()?,
            targets: s.targets.as_ref().map(upload).transpose()?,
            masks: s.masks.iter().map(upload).collect::<Result<_, _>>()?,
        };
        subject.parameters = subject.block(std::slice::from_ref(&s.parameters))?;
        if !s.buffers.is_empty() {
            subject.buffers = Some(subject.block(std::slice::from_ref(&s.buffers))?);
        }
        Ok(subject)
    }

    /// Replaces the parameters.
    pub fn set_parameters(&mut self, values: &[f64]) -> Result<(), BackendError> {
        self.parameters = self.block(&[values.to_vec()])?;
        Ok(())
    }

    /// Replaces the samples.
    pub fn set_samples(&mut self, values: &[f64]) -> Result<(), BackendError> {
        self.samples = self.backend.upload(&HostTensor::Real(values.to_vec()))?;
        Ok(())
    }

    /// Replaces the labels.
    pub fn set_labels(&mut self, values: Option<&[u32]>) -> Result<(), BackendError> {
        self.labels = values.map(|v| self.backend.upload(&HostTensor::Index(v.to_vec()))).transpose()?;
        Ok(())
    }

    /// Replaces the targets.
    pub fn set_targets(&mut self, values: &[f64]) -> Result<(), BackendError> {
        self.targets = Some(self.backend.upload(&HostTensor::Real(values.to_vec()))?);
        Ok(())
    }

    /// Uploads columns.
    pub fn block(&self, columns: &[Vec<f64>]) -> Result<Block, BackendError> {
        let length = columns.first().map_or(0, Vec::len);
        let space = self.backend.space(length, self.backend.info().precision);
        let mut block = space.zeros(columns.len())?;
        for (i, column) in columns.iter().enumerate() {
            space.write(&mut block, i, column)?;
        }
        Ok(block)
    }

    /// Downloads columns.
    pub fn columns(&self, block: &Block) -> Result<Vec<Vec<f64>>, BackendError> {
        let space = self.backend.space(block.rows(), self.backend.info().precision);
        (0..block.columns()).map(|i| Ok(space.read(block, i)?)).collect()
    }

    /// What a program without direction reads.
    pub fn feed(&self) -> Feed<'_> {
        Feed {
            parameters: Some(self.parameters.all()),
            buffers: self.buffers.as_ref().map(Block::all),
            samples: Some(&self.samples),
            labels: self.labels.as_ref(),
            targets: self.targets.as_ref(),
            masks: &self.masks,
            ..Feed::default()
        }
    }

    /// Compiles and runs a program without direction; returns its outcome and its result column.
    pub fn run(&self, program: &Program) -> Result<(Outcome, Vec<f64>), BackendError> {
        let mut executable = self.backend.compile(program, self.batch)?;
        let mut result = self.block(&[vec![0.0; program.result_len.at(self.batch)]])?;
        let outcome = executable.run(&self.feed(), Some(result.all_mut()), None)?;
        Ok((outcome, self.columns(&result)?.remove(0)))
    }

    /// Compiles both parts of a product.
    pub fn compile(&self, product: &Product) -> Result<Parts, BackendError> {
        Ok(Parts {
            primal: self.backend.compile(&product.primal, self.batch)?,
            tangent: self.backend.compile(&product.tangent, self.batch)?,
            direction_len: product.tangent.direction_len.at(self.batch),
            result_len: product.tangent.result_len.at(self.batch),
        })
    }

    /// Runs the primal part.
    pub fn keep(&self, parts: &mut Parts) -> Result<DeviceTensor, BackendError> {
        let mut saved = parts.primal.new_saved()?;
        parts.primal.run(&self.feed(), None, Some(&mut saved))?;
        Ok(saved)
    }

    /// Runs the tangent part for a block of directions.
    pub fn apply(
        &self,
        parts: &mut Parts,
        saved: &DeviceTensor,
        directions: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, BackendError> {
        assert!(directions.iter().all(|v| v.len() == parts.direction_len), "a direction of another length");
        let direction = self.block(directions)?;
        let mut result = self.block(&vec![vec![0.0; parts.result_len]; directions.len()])?;
        let feed = Feed { direction: Some(direction.all()), saved: Some(saved), ..self.feed() };
        parts.tangent.run(&feed, Some(result.all_mut()), None)?;
        self.columns(&result)
    }

    /// Both parts once, for a block of directions.
    pub fn product(&self, product: &Product, directions: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, BackendError> {
        let mut parts = self.compile(product)?;
        let saved = self.keep(&mut parts)?;
        self.apply(&mut parts, &saved, directions)
    }
}
