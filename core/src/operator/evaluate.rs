//! Loss, accuracy and gradient over a data set.

use super::{OperatorError, batches, compiled::Compiled, halving, source::DataSource};
use crate::backend::{DeviceTensor, Feed, HostTensor, Outcome, SecondOrderBackend};
use crate::graph::Graph;
use crate::program::{Problem, Wrt};
use crate::vectors::{Block, Precision, View, norms};
use std::ops::Range;

/// A batch on the device.
#[derive(Debug)]
pub struct DeviceBatch {
    /// The samples.
    pub samples: DeviceTensor,
    /// The labels, where the loss wants them.
    pub labels: Option<DeviceTensor>,
    /// The targets, where the loss wants them.
    pub targets: Option<DeviceTensor>,
    /// The labels on the host, for accuracy.
    pub host_labels: Vec<u32>,
}

impl DeviceBatch {
    /// Reads and uploads a range of a source.
    ///
    /// # Errors
    /// Where the data cannot be read or memory is short.
    pub fn load(
        backend: &dyn SecondOrderBackend,
        source: &dyn DataSource,
        range: Range<usize>,
    ) -> Result<Self, OperatorError> {
        let batch = source.batch(range).map_err(OperatorError::Data)?;
        let host_labels = batch.labels.clone().unwrap_or_default();
        let labels = batch.labels.map(|l| backend.upload(&HostTensor::Index(l))).transpose()?;
        let targets = batch.targets.map(|t| backend.upload(&HostTensor::Real(t))).transpose()?;
        Ok(DeviceBatch { samples: backend.upload(&batch.samples)?, labels, targets, host_labels })
    }

    /// Device memory held.
    pub fn bytes(&self) -> usize {
        self.samples.bytes()
            + self.labels.as_ref().map_or(0, DeviceTensor::bytes)
            + self.targets.as_ref().map_or(0, DeviceTensor::bytes)
    }

    /// What a program reads for this batch.
    pub fn feed<'a>(&'a self, parameters: View<'a>, buffers: Option<View<'a>>) -> Feed<'a> {
        Feed {
            parameters: Some(parameters),
            buffers,
            samples: Some(&self.samples),
            labels: self.labels.as_ref(),
            targets: self.targets.as_ref(),
            ..Feed::default()
        }
    }
}

/// The values of a network's parameters and buffers on the device.
#[derive(Debug)]
pub struct Weights {
    /// One column: all parameters, in state-dict order.
    pub parameters: Block,
    /// One column: all buffers; none where the network has none.
    pub buffers: Option<Block>,
}

impl Weights {
    /// Uploads values given per parameter and per buffer.
    ///
    /// # Errors
    /// Where lengths do not fit the graph.
    pub fn upload(
        backend: &dyn SecondOrderBackend,
        graph: &Graph,
        parameters: &[Vec<f64>],
        buffers: &[Vec<f64>],
    ) -> Result<Self, OperatorError> {
        let precision = backend.info().precision;
        let column = |values: &[Vec<f64>]| -> Result<Block, OperatorError> {
            let flat = values.concat();
            let space = backend.space(flat.len(), precision);
            let mut block = space.zeros(1)?;
            space.write(&mut block, 0, &flat)?;
            Ok(block)
        };
        let fits = parameters.iter().map(Vec::len).eq(graph.parameters().iter().map(|p| p.elements()))
            && buffers.iter().map(Vec::len).eq(graph.buffers().iter().map(|b| b.elements()));
        if !fits {
            return Err(crate::error::GraphError::mismatch(
                "weights",
                "one value for each entry of the graph",
                "other lengths",
            )
            .into());
        }
        let buffers = if buffers.is_empty() { None } else { Some(column(buffers)?) };
        Ok(Weights { parameters: column(parameters)?, buffers })
    }

    /// The initial values of a graph's parameters and buffers, on the host.
    pub fn initial(graph: &Graph, seed: u64) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let parameters =
            graph.parameters().iter().enumerate().map(|(i, p)| p.init.sample(seed, i, p.elements())).collect();
        let buffers = graph.buffers().iter().map(|b| vec![b.start; b.elements()]).collect();
        (parameters, buffers)
    }
}

/// What a pass over a data set found.
#[derive(Debug)]
pub struct Evaluation {
    /// Sum-reduced loss ÷ total weight.
    pub loss: f64,
    /// Share of samples whose largest output is their label; NaN without labels.
    pub accuracy: f64,
    /// Samples whose largest output is their label.
    pub correct: usize,
    /// Samples seen.
    pub samples: usize,
    /// The total weight.
    pub weight: f64,
    /// The mean loss's gradient, where asked for.
    pub gradient: Option<Block>,
    /// Its Euclidean norm.
    pub gradient_norm: Option<f64>,
}

/// Evaluates loss, accuracy and, if asked, the gradient.
pub struct Evaluator<'a> {
    backend: &'a dyn SecondOrderBackend,
    program: Compiled,
    gradient: Option<usize>,
    batch: usize,
    coupled: bool,
}

impl<'a> Evaluator<'a> {
    /// Compiles what is needed; `wrt` asks for the gradient as well.
    ///
    /// # Errors
    /// Where the derivative cannot be recorded.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        wrt: Option<&Wrt>,
        batch: usize,
    ) -> Result<Self, OperatorError> {
        let program = wrt.map_or_else(|| problem.loss(), |w| problem.gradient(w))?;
        let gradient = wrt.map(|w| problem.dimension(w).at(0));
        let coupled = problem.couples_samples();
        Ok(Evaluator { backend, program: Compiled::new(program), gradient, batch: batch.max(1), coupled })
    }

    /// One pass over the source; `progress` is told the samples done. Where the device runs out of memory, the pass begins
    /// again with half as many samples at once.
    ///
    /// # Errors
    /// Where the data cannot be read, the weight is zero, or the loss is not finite (naming the first primitive).
    pub fn run(
        &mut self,
        weights: &Weights,
        source: &dyn DataSource,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Evaluation, OperatorError> {
        let (mut batch, coupled) = (self.batch, self.coupled);
        halving(
            &mut batch,
            coupled,
            |e: &OperatorError| Some(e),
            |at_once| {
                if at_once != self.batch {
                    self.program.forget();
                    self.batch = at_once;
                }
                self.pass(weights, source, progress)
            },
        )
    }

    fn pass(
        &mut self,
        weights: &Weights,
        source: &dyn DataSource,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Evaluation, OperatorError> {
        // f64, so that many batches add up without loss.
        let space = self.gradient.map(|n| self.backend.space(n, Precision::F64));
        let mut gradient = space.as_ref().map(|s| s.zeros(1)).transpose()?;
        let (mut loss, mut weight, mut correct, mut samples) = (0.0, 0.0, 0, 0);
        for range in batches(source.len(), self.batch) {
            let data = DeviceBatch::load(self.backend, source, range.clone())?;
            let feed = data.feed(weights.parameters.all(), weights.buffers.as_ref().map(Block::all));
            let program = self.program.at(self.backend, range.len())?;
            let outcome = program.run(&feed, gradient.as_mut().map(Block::all_mut), None)?;
            if !outcome.loss.is_finite() {
                let place = program.first_not_finite(&feed)?.unwrap_or_else(|| "the sum".to_string());
                return Err(OperatorError::NotFinite { what: "loss", place: format!("samples {range:?}, {place}") });
            }
            loss += outcome.loss;
            weight += outcome.weight;
            correct += count_correct(&outcome, &data.host_labels);
            samples += range.len();
            progress(samples);
        }
        if weight.is_nan() || weight <= 0.0 {
            return Err(OperatorError::NoWeight(weight));
        }
        let mut gradient_norm = None;
        if let (Some(space), Some(block)) = (&space, &mut gradient) {
            space.scale(block.all_mut(), &[1.0 / weight])?;
            gradient_norm = norms(space.as_ref(), block.all())?.first().copied();
        }
        let accuracy = correct as f64 / samples as f64;
        Ok(Evaluation { loss: loss / weight, accuracy, correct, samples, weight, gradient, gradient_norm })
    }
}

/// Samples whose largest output (the first on a tie) is their label.
pub fn count_correct(outcome: &Outcome, labels: &[u32]) -> usize {
    if labels.is_empty() {
        return 0;
    }
    let classes = outcome.output.len() / labels.len();
    outcome
        .output
        .chunks_exact(classes.max(1))
        .zip(labels)
        .filter(|(row, label)| {
            let best =
                row.iter().enumerate().fold((0, f64::NEG_INFINITY), |b, (i, &v)| if v > b.1 { (i, v) } else { b });
            best.0 == **label as usize
        })
        .count()
}
