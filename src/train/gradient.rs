//! The gradient of a batch, summed over micro-batches, with the buffers that it leaves behind.
//!
//! Sums, not means: a micro-batch adds the gradient of its summed loss into the same block, and whoever takes the step
//! divides once by the weight of the whole batch. So micro-batches of any size give the gradient of the batch, up to
//! rounding and, unless it is frozen, batch norm.

use super::TrainError;
use super::dropout;
use super::objective::{Inputs, Objective};
use super::robust::{Examples, Labelled};
use super::source::{ImageSource, reals};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendError, DeviceTensor, Executable, HostTensor, Outcome};
use hesse_core::graph::DropoutSite;
use hesse_core::operator::{Batch, DataSource, DeviceBatch, OperatorError, Weights, batches, count_correct, halving};
use hesse_core::program::{Program, Role};
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
    /// Perturbed samples classified correctly.
    pub robust_correct: usize,
    /// Perturbed samples.
    pub attacked: usize,
}

/// When a batch is computed: what its random choices depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    /// Counted from 0.
    pub epoch: usize,
    /// Steps of the whole run so far.
    pub step: u64,
    /// The same in epochs.
    pub position: f64,
    /// Whether the batch was computed a moment ago, at other weights: its examples stay, and running statistics do not
    /// follow it again.
    pub again: bool,
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BatchOutcome {
    Done(BatchSums),
    /// The first primitive that is not finite, for people.
    NotFinite(String),
}

/// The compiled gradient of a training objective.
pub(super) struct GradientPass<'a> {
    backend: &'a dyn SecondOrderBackend,
    program: Program,
    inputs: Inputs<'a>,
    by_size: HashMap<usize, Box<dyn Executable>>,
    sites: Vec<DropoutSite>,
    buffers: HostBuffers,
    at_once: usize,
    /// Whether samples of a micro-batch see each other.
    couples: bool,
    seed: u64,
    /// The examples of the last batch, by micro-batch.
    made: Vec<Vec<f64>>,
}

impl<'a> GradientPass<'a> {
    /// Takes the objective; `buffers` are the present values.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        objective: Objective<'a>,
        buffers: &[Vec<f64>],
        at_once: usize,
        seed: u64,
    ) -> Self {
        let Objective { program, inputs } = objective;
        let sites = program.graph.dropout_sites().to_vec();
        let (by_size, buffers, made) = (HashMap::new(), HostBuffers::new(buffers), Vec::new());
        let couples = program.outputs.iter().any(|o| matches!(o.role, Role::Buffer(_)));
        GradientPass { backend, program, inputs, by_size, sites, buffers, at_once, couples, seed, made }
    }

    /// Replaces the block by the gradient of the summed objective of these samples of an epoch. Cost: that of the
    /// program, 3 forward passes for the plain loss, and that of the examples.
    pub fn run(
        &mut self,
        source: &ImageSource,
        samples: Range<usize>,
        moment: Moment,
        weights: &mut Weights,
        space: &dyn VectorSpace,
        gradient: &mut Block,
    ) -> Result<BatchOutcome, TrainError> {
        // Running statistics follow every micro-batch, and examples that stay were made for micro-batches of a size.
        let examples = !matches!(self.inputs, Inputs::Clean);
        let fixed = self.couples || (moment.again && examples);
        let whole = self.at_once.clamp(1, samples.len().max(1));
        let mut at_once = whole;
        halving(&mut at_once, fixed, cause, |at_once| {
            if at_once < whole {
                self.by_size.clear();
                self.at_once = at_once;
            }
            self.pass(source, samples.clone(), moment, weights, space, gradient)
        })
    }

    fn pass(
        &mut self,
        source: &ImageSource,
        samples: Range<usize>,
        moment: Moment,
        weights: &mut Weights,
        space: &dyn VectorSpace,
        gradient: &mut Block,
    ) -> Result<BatchOutcome, TrainError> {
        space.scale(gradient.all_mut(), &[0.0])?;
        let mut sums = BatchSums::default();
        for (number, part) in batches(samples.len(), self.at_once).enumerate() {
            let range = samples.start + part.start..samples.start + part.end;
            let batch = source.batch(range.clone()).map_err(OperatorError::Data)?;
            let perturbed = self.perturbed(samples.len(), &part);
            if !moment.again && perturbed > 0 {
                let indices = source.indices(range.clone()).map_err(OperatorError::Data)?;
                self.make_examples(number, &batch, &indices, perturbed, weights, moment)?;
            }
            let data = self.load(number, batch, perturbed)?;
            let masks = self.masks(source, range.clone(), moment.step)?;
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
            self.count(&outcome, &data.host_labels, perturbed, &mut sums);
            if let (false, false, Some(block)) = (moment.again, outcome.buffers.is_empty(), &mut weights.buffers) {
                let column = self.buffers.replace(&outcome.buffers);
                let space = self.backend.space(column.len(), self.backend.info().precision);
                space.write(block, 0, column)?;
            }
        }
        Ok(BatchOutcome::Done(sums))
    }

    /// How many samples of a micro-batch, the first ones, belong to the perturbed ones of the batch.
    fn perturbed(&self, batch: usize, part: &Range<usize>) -> usize {
        match &self.inputs {
            Inputs::Clean => 0,
            Inputs::Mixed(examples) | Inputs::Paired(examples) => {
                examples.attacked(batch).saturating_sub(part.start).min(part.len())
            }
        }
    }

    fn make_examples(
        &mut self,
        number: usize,
        batch: &Batch,
        indices: &[usize],
        perturbed: usize,
        weights: &Weights,
        moment: Moment,
    ) -> Result<(), TrainError> {
        let examples: &mut Examples<'a> = match &mut self.inputs {
            Inputs::Clean => return Ok(()),
            Inputs::Mixed(examples) | Inputs::Paired(examples) => examples,
        };
        let all = reals(&batch.samples);
        let labels = batch.labels.as_deref().unwrap_or_default();
        let width = all.len() / labels.len().max(1);
        let clean = Labelled {
            samples: all.get(..perturbed * width).unwrap_or_default(),
            labels: labels.get(..perturbed).unwrap_or_default(),
            indices: indices.get(..perturbed).unwrap_or_default(),
        };
        let budget = examples.budget(moment.position);
        let made = examples.make(weights, clean, moment.epoch, budget).map_err(TrainError::Attack)?;
        self.made.truncate(number);
        self.made.push(made);
        Ok(())
    }

    /// Uploads a micro-batch together with its examples.
    fn load(&self, number: usize, batch: Batch, perturbed: usize) -> Result<DeviceBatch, TrainError> {
        let host_labels = batch.labels.unwrap_or_default();
        let labels = Some(self.backend.upload(&HostTensor::Index(host_labels.clone()))?);
        let made = self.made.get(number).filter(|_| perturbed > 0);
        let (samples, targets) = match (&self.inputs, made) {
            (Inputs::Mixed(_), Some(made)) => {
                let mut all = reals(&batch.samples);
                all.iter_mut().zip(made).for_each(|(x, example)| *x = *example);
                (self.backend.upload(&HostTensor::Real(all))?, None)
            }
            (Inputs::Paired(_), Some(made)) => {
                let targets = self.backend.upload(&HostTensor::Real(made.clone()))?;
                (self.backend.upload(&batch.samples)?, Some(targets))
            }
            _ => (self.backend.upload(&batch.samples)?, None),
        };
        Ok(DeviceBatch { samples, labels, targets, host_labels })
    }

    /// Counts what was classified correctly, perturbed samples also on their own.
    fn count(&self, outcome: &Outcome, labels: &[u32], perturbed: usize, sums: &mut BatchSums) {
        let correct = |output: &[f64], labels: &[u32]| {
            count_correct(&Outcome { output: output.to_vec(), ..Outcome::default() }, labels)
        };
        let row = outcome.output.len() / labels.len().max(1);
        let (own, on_examples) = match &self.inputs {
            Inputs::Clean => (correct(&outcome.output, labels), 0),
            Inputs::Mixed(_) => {
                let first = outcome.output.get(..perturbed * row).unwrap_or_default();
                let own = correct(&outcome.output, labels);
                (own, correct(first, labels.get(..perturbed).unwrap_or_default()))
            }
            Inputs::Paired(_) => {
                let half = |which: usize| -> Vec<f64> {
                    let rows = outcome.output.chunks_exact(row.max(1));
                    rows.filter_map(|r| r.chunks_exact((row / 2).max(1)).nth(which)).flatten().copied().collect()
                };
                (correct(&half(0), labels), correct(&half(1), labels))
            }
        };
        sums.correct += own;
        sums.samples += labels.len();
        sums.robust_correct += on_examples;
        sums.attacked += perturbed;
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

/// What the measurement under a step said.
fn cause(error: &TrainError) -> Option<&OperatorError> {
    if let TrainError::Operator(error) = error { Some(error) } else { None }
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
    fn a_pixel_becomes_the_same_f32_by_way_of_f64() {
        let bytes: Vec<u8> = (0..=255).collect();
        let once: Vec<f32> = bytes.iter().map(|v| f32::from(*v) / 255.0).collect();
        let twice: Vec<f32> = reals(&HostTensor::Pixels(bytes)).iter().map(|v| *v as f32).collect();
        assert_eq!(once, twice);
    }

    #[test]
    fn buffers_are_replaced_in_their_place() {
        let mut buffers = HostBuffers::new(&[vec![1.0, 2.0], vec![3.0], vec![4.0, 5.0]]);
        assert_eq!(buffers.replace(&[(2, vec![8.0, 9.0]), (1, vec![7.0])]), [1.0, 2.0, 7.0, 8.0, 9.0]);
        assert_eq!(buffers.replace(&[(0, vec![0.0, 0.5])]), [0.0, 0.5, 7.0, 8.0, 9.0]);
    }
}
