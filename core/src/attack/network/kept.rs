//! A product in two compiled programs, and the point at which its primal part was run last.

use super::padded;
use crate::backend::{BackendError, DeviceTensor, Executable, Feed, HostTensor, Saved, SecondOrderBackend};
use crate::operator::{OperatorError, Weights};
use crate::program::{Product, Role};
use crate::vectors::{Block, Precision};

/// Samples at which something is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<'p> {
    /// `n × D`.
    pub samples: &'p [f64],
    /// One per sample, where the program reads them.
    pub labels: Option<&'p [u32]>,
    /// The batch size that is computed; the rest is copies of the last sample.
    pub size: usize,
    /// D.
    pub dimension: usize,
}

impl Point<'_> {
    /// `size × D`.
    pub fn padded_samples(&self) -> Vec<f64> {
        padded(self.samples, self.dimension, self.size)
    }

    fn padded_labels(&self) -> Option<Vec<u32>> {
        self.labels.map(|labels| {
            let mut all = labels.to_vec();
            all.resize(self.size, labels.last().copied().unwrap_or_default());
            all
        })
    }
}

/// What is on the device for a point.
struct Standing {
    samples: Vec<f64>,
    labels: Option<Vec<u32>>,
    on_device: DeviceTensor,
    labels_on_device: Option<DeviceTensor>,
    output: Vec<f64>,
}

/// A compiled product with what its primal part left.
pub(super) struct Kept {
    primal: Box<dyn Executable>,
    /// None where the product is zero whatever the direction.
    tangent: Option<Box<dyn Executable>>,
    saved: Saved,
    standing: Option<Standing>,
    rows: usize,
    direction: usize,
}

impl Kept {
    pub fn compile(backend: &dyn SecondOrderBackend, product: &Product, size: usize) -> Result<Self, BackendError> {
        let primal = backend.compile(&product.primal, size)?;
        let moves = product.tangent.outputs.iter().any(|o| matches!(o.role, Role::Flat { .. }));
        let tangent = if moves { Some(backend.compile(&product.tangent, size)?) } else { None };
        let saved = primal.new_saved()?;
        let (rows, direction) = (product.tangent.result_len.at(size), product.tangent.direction_len.at(size));
        Ok(Kept { primal, tangent, saved, standing: None, rows, direction })
    }

    /// Forgets the point: what was computed there is of other weights.
    pub fn forget(&mut self) {
        self.standing = None;
    }

    /// Runs the primal part unless it was run last for the very same samples and labels.
    pub fn bring_to(
        &mut self,
        backend: &dyn SecondOrderBackend,
        weights: &Weights,
        point: &Point<'_>,
    ) -> Result<(), OperatorError> {
        let (samples, labels) = (point.padded_samples(), point.padded_labels());
        if self.standing.as_ref().is_some_and(|s| same_bits(&s.samples, &samples) && s.labels == labels) {
            return Ok(());
        }
        // Whatever fails below leaves no point behind.
        self.standing = None;
        let on_device = backend.upload(&HostTensor::Real(samples.clone()))?;
        let labels_on_device = labels.clone().map(|l| backend.upload(&HostTensor::Index(l))).transpose()?;
        let feed = feed(weights, &on_device, labels_on_device.as_ref());
        let output = self.primal.run(&feed, None, Some(&mut self.saved))?.output;
        self.standing = Some(Standing { samples, labels, on_device, labels_on_device, output });
        Ok(())
    }

    /// The network's output at the point, `size × C`; empty where the primal part does not return it.
    pub fn output(&self) -> &[f64] {
        self.standing.as_ref().map_or(&[], |s| &s.output)
    }

    /// The same if the point is this one.
    pub fn output_at(&self, point: &Point<'_>) -> Option<&[f64]> {
        let standing = self.standing.as_ref()?;
        same_bits(&standing.samples, &point.padded_samples()).then_some(standing.output.as_slice())
    }

    /// Runs the tangent part for one direction.
    pub fn apply(
        &mut self,
        backend: &dyn SecondOrderBackend,
        weights: &Weights,
        direction: &[f64],
    ) -> Result<Vec<f64>, OperatorError> {
        let (Some(tangent), Some(standing)) = (&mut self.tangent, &self.standing) else {
            return Ok(vec![0.0; self.rows]);
        };
        let space = backend.space(self.direction, backend.info().precision);
        let mut x = space.zeros(1)?;
        space.write(&mut x, 0, direction)?;
        // f64, so that what the device computed is handed on without another rounding.
        let wide = backend.space(self.rows, Precision::F64);
        let mut y = wide.zeros(1)?;
        let mut feed = feed(weights, &standing.on_device, standing.labels_on_device.as_ref());
        feed.direction = Some(x.all());
        feed.saved = Some(&self.saved);
        tangent.run(&feed, Some(y.all_mut()), None)?;
        Ok(wide.read(&y, 0)?)
    }
}

fn feed<'f>(weights: &'f Weights, samples: &'f DeviceTensor, labels: Option<&'f DeviceTensor>) -> Feed<'f> {
    Feed {
        parameters: Some(weights.parameters.all()),
        buffers: weights.buffers.as_ref().map(Block::all),
        samples: Some(samples),
        labels,
        ..Feed::default()
    }
}

/// Bits, because −0 and NaN count too.
fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
