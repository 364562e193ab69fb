//! The gradient of a batch, summed over micro-batches, with the buffers that it leaves behind.
//!
//! Sums, not means: a micro-batch adds the gradient of its summed loss into the same block, and whoever takes the step
//! divides once by the weight of the whole batch. So micro-batches of any size give the gradient of the batch, up to
//! rounding and, unless it is frozen, batch norm.

use super::dropout;
use super::source::ImageSource;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendError, DeviceTensor, Executable};
use hesse_core::error::GraphError;
use hesse_core::graph::DropoutSite;
use hesse_core::operator::{DeviceBatch, OperatorError, Weights, batches, count_correct};
use hesse_core::program::{Problem, Program};
use hesse_core::vectors::{Block, VectorSpace};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

/// What a batch gave besides its gradient.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct BatchSums {
    /// The summed loss.
    pub loss: f64,
    /// Its weight.
    pub weight: f64,
    /// Samples classified correctly.
    pub correct: usize,
    /// Samples.
    pub samples: usize,
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BatchOutcome {
    Done(BatchSums),
    /// The first primitive that is not finite, for people.
    NotFinite(String),
}

/// The compiled gradient of a training problem.
pub(super) struct GradientPass<'a> {
    backend: &'a dyn SecondOrderBackend,
    program: Program,
    by_size: HashMap<usize, Box<dyn Executable>>,
    sites: Vec<DropoutSite>,
    buffers: HostBuffers,
    at_once: usize,
    seed: u64,
}

impl<'a> GradientPass<'a> {
    /// Records the gradient; `buffers` are the present values.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        buffers: &[Vec<f64>],
        at_once: usize,
        seed: u64,
    ) -> Result<Self, GraphError> {
        let program = problem.gradient(&problem.all_parameters())?;
        let sites = problem.graph().dropout_sites().to_vec();
        Ok(GradientPass {
            backend,
            program,
            by_size: HashMap::new(),
            sites,
            buffers: HostBuffers::new(buffers),
            at_once,
            seed,
        })
    }

    /// Replaces the block by the gradient of the summed loss of these samples of an epoch; `step` counts all steps of
    /// the run. Cost: 3 forward passes.
    pub fn run(
        &mut self,
        source: &ImageSource,
        samples: Range<usize>,
        step: u64,
        weights: &mut Weights,
        space: &dyn VectorSpace,
        gradient: &mut Block,
    ) -> Result<BatchOutcome, OperatorError> {
        space.scale(gradient.all_mut(), &[0.0])?;
        let mut sums = BatchSums::default();
        for part in batches(samples.len(), self.at_once) {
            let range = samples.start + part.start..samples.start + part.end;
            let data = DeviceBatch::load(self.backend, source, range.clone())?;
            let masks = self.masks(source, range.clone(), step)?;
            let mut feed = data.feed(weights.parameters.all(), weights.buffers.as_ref().map(Block::all));
            feed.masks = &masks;
            let program = compiled(&mut self.by_size, self.backend, &self.program, range.len())?;
            let outcome = program.run(&feed, Some(gradient.all_mut()), None)?;
            if !(outcome.loss.is_finite() && outcome.weight.is_finite()) {
                let place = program.first_not_finite(&feed)?.unwrap_or_else(|| "the summed loss".to_string());
                return Ok(BatchOutcome::NotFinite(place));
            }
            sums.loss += outcome.loss;
            sums.weight += outcome.weight;
            sums.correct += count_correct(&outcome, &data.host_labels);
            sums.samples += range.len();
            if let (false, Some(block)) = (outcome.buffers.is_empty(), &mut weights.buffers) {
                let column = self.buffers.replace(&outcome.buffers);
                let space = self.backend.space(column.len(), self.backend.info().precision);
                space.write(block, 0, column)?;
            }
        }
        Ok(BatchOutcome::Done(sums))
    }

    fn masks(&self, source: &ImageSource, range: Range<usize>, step: u64) -> Result<Vec<DeviceTensor>, OperatorError> {
        if self.sites.is_empty() {
            return Ok(Vec::new());
        }
        let indices = source.indices(range).map_err(OperatorError::Data)?;
        let masks = dropout::masks(&self.sites, self.seed, step, &indices);
        Ok(masks.iter().map(|mask| self.backend.upload(mask)).collect::<Result<_, _>>()?)
    }
}

/// The program for a number of samples: the full micro-batch, and what is left at the end of a batch or epoch.
fn compiled<'p>(
    by_size: &'p mut HashMap<usize, Box<dyn Executable>>,
    backend: &dyn SecondOrderBackend,
    program: &Program,
    size: usize,
) -> Result<&'p mut dyn Executable, BackendError> {
    Ok(match by_size.entry(size) {
        Entry::Occupied(entry) => entry.into_mut().as_mut(),
        Entry::Vacant(entry) => entry.insert(backend.compile(program, size)?).as_mut(),
    })
}

/// All buffers as the one column that the device holds.
struct HostBuffers {
    column: Vec<f64>,
    starts: Vec<usize>,
}

impl HostBuffers {
    fn new(buffers: &[Vec<f64>]) -> Self {
        let mut start = 0;
        let place = |b: &Vec<f64>| {
            start += b.len();
            start - b.len()
        };
        let starts = buffers.iter().map(place).collect();
        HostBuffers { column: buffers.concat(), starts }
    }

    /// The column with some buffers replaced, by position.
    fn replace(&mut self, next: &[(usize, Vec<f64>)]) -> &[f64] {
        for (buffer, values) in next {
            let place = self.starts.get(*buffer).and_then(|&start| self.column.get_mut(start..start + values.len()));
            if let Some(place) = place {
                place.copy_from_slice(values);
            }
        }
        &self.column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_replaced_in_their_place() {
        let mut buffers = HostBuffers::new(&[vec![1.0, 2.0], vec![3.0], vec![4.0, 5.0]]);
        assert_eq!(buffers.replace(&[(2, vec![8.0, 9.0]), (1, vec![7.0])]), [1.0, 2.0, 7.0, 8.0, 9.0]);
        assert_eq!(buffers.replace(&[(0, vec![0.0, 0.5])]), [0.0, 0.5, 7.0, 8.0, 9.0]);
    }
}
