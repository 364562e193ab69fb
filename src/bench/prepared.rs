//! One operation of one network on one backend, compiled and fed, ready to be repeated.

use super::{Operation, arithmetic};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{DeviceTensor, Executable, Feed, HostTensor, Saved};
use hesse_core::graph::Graph;
use hesse_core::operator::{OperatorError, Weights};
use hesse_core::program::{Problem, Product, Wrt};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Block, VectorSpace};
use std::time::Instant;

/// Everything that a repetition needs. Results of repetitions add up in one block; they are never read.
pub struct Prepared {
    weights: Weights,
    samples: DeviceTensor,
    labels: DeviceTensor,
    masks: Vec<DeviceTensor>,
    space: Box<dyn VectorSpace>,
    direction: Option<Block>,
    result: Block,
    velocity: Option<Block>,
    saved: Option<Saved>,
    primal_bytes: usize,
    program: Box<dyn Executable>,
    traffic: f64,
}

impl Prepared {
    /// Compiles, uploads and, where there is a part that does not depend on the direction, runs that part.
    ///
    /// # Errors
    /// Where the derivative cannot be recorded, or the backend fails.
    pub fn new(
        backend: &dyn SecondOrderBackend,
        problem: &Problem,
        operation: Operation,
        input: &[usize],
        batch: usize,
        columns: usize,
    ) -> Result<Self, OperatorError> {
        let graph = problem.graph();
        let precision = backend.info().precision;
        let (parameters, buffers) = Weights::initial(graph, 0);
        let weights = Weights::upload(backend, graph, &parameters, &buffers)?;
        let mut stream = Stream::new(0, Purpose::Data, 0);
        let pixels = (0..batch * input.iter().product::<usize>()).map(|_| (stream.bits() >> 56) as u8).collect();
        let samples = backend.upload(&HostTensor::Pixels(pixels))?;
        let classes = 10u32;
        let labels = backend.upload(&HostTensor::Index((0..batch as u32).map(|i| i % classes).collect()))?;
        let masks = masks(backend, graph, batch)?;

        let parameters = problem.all_parameters();
        let wrt = if operation == Operation::InputHessianProduct { Wrt::Samples } else { parameters };
        let space = backend.space(problem.dimension(&wrt).at(batch), precision);
        let result = space.zeros(columns)?;
        let product = match operation {
            Operation::Gradient | Operation::TrainingStep => None,
            Operation::GaussNewtonProduct => Some(problem.gauss_newton(&wrt)?),
            Operation::HessianProduct | Operation::InputHessianProduct => Some(problem.hessian(&wrt)?),
        };
        let number = precision.bytes();
        let (mut direction, mut saved, mut primal_bytes) = (None, None, 0);
        let (program, traffic) = match product {
            None => {
                let gradient = problem.gradient(&wrt)?;
                (backend.compile(&gradient, batch)?, arithmetic::traffic(&gradient.graph, batch, number))
            }
            Some(Product { primal, tangent }) => {
                let mut block = space.zeros(columns)?;
                for column in 0..columns {
                    let values: Vec<f64> = (0..space.dimension()).map(|i| ((i + column) as f64).sin()).collect();
                    space.write(&mut block, column, &values)?;
                }
                direction = Some(block);
                let mut primal = backend.compile(&primal, batch)?;
                let mut kept = primal.new_saved()?;
                let feed = Feed {
                    parameters: Some(weights.parameters.all()),
                    buffers: weights.buffers.as_ref().map(Block::all),
                    samples: Some(&samples),
                    labels: Some(&labels),
                    masks: &masks,
                    ..Feed::default()
                };
                primal.run(&feed, None, Some(&mut kept))?;
                primal_bytes = primal.workspace_bytes();
                saved = Some(kept);
                (backend.compile(&tangent, batch)?, arithmetic::traffic(&tangent.graph, batch, number))
            }
        };
        let velocity = if operation == Operation::TrainingStep { Some(space.zeros(1)?) } else { None };
        let mut prepared = Prepared {
            weights,
            samples,
            labels,
            masks,
            space,
            direction,
            result,
            velocity,
            saved,
            primal_bytes,
            program,
            traffic,
        };
        // The first repetition takes memory and warms caches; it is not counted.
        prepared.seconds()?;
        Ok(prepared)
    }

    /// Runs it once and returns how long that took.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn seconds(&mut self) -> Result<f64, OperatorError> {
        let start = Instant::now();
        let feed = Feed {
            parameters: Some(self.weights.parameters.all()),
            buffers: self.weights.buffers.as_ref().map(Block::all),
            samples: Some(&self.samples),
            labels: Some(&self.labels),
            masks: &self.masks,
            direction: self.direction.as_ref().map(Block::all),
            saved: self.saved.as_ref(),
            ..Feed::default()
        };
        self.program.run(&feed, Some(self.result.all_mut()), None)?;
        if let Some(velocity) = &mut self.velocity {
            // A rate of nothing: the arithmetic is that of a step, and the weights stay where they are.
            self.space.combine(velocity.all_mut(), 0.9, self.result.all(), &[1.0])?;
            self.space.combine(self.weights.parameters.all_mut(), 1.0, velocity.all(), &[0.0])?;
            self.space.scale(self.result.all_mut(), &[0.0])?;
            self.space.scale(velocity.all_mut(), &[0.0])?;
        }
        // A backend may compute later than it is asked to; reading one number waits for it.
        self.space.gram(self.result.view(0..1), self.result.view(0..1))?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// Bytes that the operation holds on the device: working memory of its programs, what is kept between them, weights,
    /// samples and vectors, as the backend accounts for them.
    pub fn bytes(&self) -> usize {
        let vector = self.space.dimension() * self.space.precision().bytes();
        let columns = self.result.columns() + self.direction.as_ref().map_or(0, Block::columns);
        let velocity = usize::from(self.velocity.is_some());
        self.program.workspace_bytes()
            + self.primal_bytes
            + self.saved.as_ref().map_or(0, DeviceTensor::bytes)
            + self.samples.bytes()
            + self.labels.bytes()
            + self.masks.iter().map(DeviceTensor::bytes).sum::<usize>()
            + self.weights.parameters.rows() * self.space.precision().bytes()
            + vector * (columns + velocity)
    }

    /// Bytes that a repetition with one direction moves; see [`arithmetic::traffic`].
    pub fn traffic(&self) -> f64 {
        self.traffic
    }
}

/// A mask of ones for every dropout layer: the arithmetic is that of any other.
fn masks(backend: &dyn SecondOrderBackend, graph: &Graph, batch: usize) -> Result<Vec<DeviceTensor>, OperatorError> {
    let ones = |site: &hesse_core::graph::DropoutSite| HostTensor::Real(vec![1.0; site.shape.elements().at(batch)]);
    Ok(graph.dropout_sites().iter().map(|site| backend.upload(&ones(site))).collect::<Result<_, _>>()?)
}
