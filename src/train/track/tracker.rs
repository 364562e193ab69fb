//! Measuring at the present weights.

use super::{Quantity, TrackOptions, TrackRecord};
use crate::data::Dataset;
use crate::sharpness::draw_mini_batches;
use crate::spectrum::{Stoppable, hutchinson, mean_and_error};
use crate::train::source::ImageSource;
use hesse_core::SecondOrderBackend;
use hesse_core::operator::{
    CompiledProduct, Curvature, DatasetOperator, Evaluator, GradientCurvature, LeadingRequest, OperatorError, Picked,
    Weights, leading,
};
use hesse_core::program::Problem;
use hesse_core::vectors::Block;
use std::sync::Arc;

/// Bound on the residual of λ₁.
const TOLERANCE: f64 = 1e-3;
/// The most products for λ₁.
const PRODUCTS: usize = 200;
/// Products for the trace: the same probes every time, so that a curve shows the trace and not the probes.
const PROBES: usize = 10;
/// Mini-batches for the batch sharpness, the same every time.
const MINI_BATCHES: usize = 10;

/// Where the training stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::train) struct Measured {
    /// Steps done.
    pub step: usize,
    /// The same in epochs.
    pub epoch: f64,
    /// The rate of the next step.
    pub rate: f64,
    /// The curvature above which it is not stable.
    pub edge: f64,
}

/// Compiled programs and the last eigenvector.
pub(in crate::train) struct Tracker<'a> {
    backend: &'a dyn SecondOrderBackend,
    options: &'a TrackOptions,
    tracked: ImageSource,
    whole: ImageSource,
    seed: u64,
    batch: usize,
    at_once: usize,
    memory: usize,
    evaluator: Evaluator<'a>,
    hessian: Option<CompiledProduct>,
    along: GradientCurvature<'a>,
    eigenvector: Option<Block>,
}

impl<'a> Tracker<'a> {
    /// Records what is needed; `eigenvector` is that of a checkpoint.
    #[allow(clippy::too_many_arguments)] // each is a different part of the run
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        options: &'a TrackOptions,
        (tracked, whole): (Arc<Dataset>, Arc<Dataset>),
        seed: u64,
        batch: usize,
        at_once: usize,
        eigenvector: Option<&[f64]>,
    ) -> Result<Self, OperatorError> {
        let wrt = problem.all_parameters();
        let start = match eigenvector {
            None => None,
            Some(values) => {
                let space = backend.space(values.len(), backend.info().precision);
                let mut block = space.zeros(1)?;
                space.write(&mut block, 0, values)?;
                Some(block)
            }
        };
        Ok(Tracker {
            backend,
            options,
            batch: batch.min(whole.len()),
            tracked: ImageSource::new(tracked),
            whole: ImageSource::new(whole),
            seed,
            at_once,
            memory: crate::problem::default_budget(),
            evaluator: Evaluator::new(backend, problem, Some(&wrt), at_once)?,
            hessian: Some(CompiledProduct::new(problem, Curvature::Hessian, &wrt)?),
            along: GradientCurvature::new(backend, problem, &wrt, at_once)?,
            eigenvector: start,
        })
    }

    /// The last eigenvector, for a checkpoint.
    pub fn eigenvector(&self) -> Result<Option<Vec<f64>>, OperatorError> {
        let Some(block) = &self.eigenvector else { return Ok(None) };
        let space = self.backend.space(block.rows(), self.backend.info().precision);
        Ok(Some(space.read(block, 0)?))
    }

    /// Measures everything wanted.
    pub fn measure(
        &mut self,
        weights: &Weights,
        at: Measured,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<TrackRecord, OperatorError> {
        let Measured { step, epoch, rate, edge } = at;
        let mut record = TrackRecord {
            step,
            epoch,
            rate,
            edge,
            loss: None,
            accuracy: None,
            gradient_norm: None,
            lambda1: None,
            lambda1_residual: None,
            trace: None,
            trace_error: None,
            batch_sharpness: None,
            batch_sharpness_error: None,
            products: 0,
        };
        let has = |quantity| self.options.has(quantity);
        let (loss, gradient) = (has(Quantity::Loss), has(Quantity::GradientNorm));
        let (lambda1, trace) = (has(Quantity::Lambda1), has(Quantity::Trace));
        let sharpness = has(Quantity::BatchSharpness);
        let tracked = Stoppable { source: &self.tracked, stop };
        if loss || gradient {
            let found = self.evaluator.run(weights, &tracked, &mut |_| {})?;
            record.loss = loss.then_some(found.loss);
            record.accuracy = loss.then_some(found.accuracy);
            record.gradient_norm = found.gradient_norm.filter(|_| gradient);
        }
        // Kept only once everything is measured, so that an interruption here leaves no trace.
        let mut next = None;
        if let (true, Some(product)) = (lambda1 || trace, self.hessian.take()) {
            let (source, batch, memory) = (&self.tracked, self.at_once, self.memory);
            let hessian = DatasetOperator::of(self.backend, product, weights, source, batch, memory)?;
            let operator = hessian.interrupted_by(stop);
            if lambda1 {
                let request = LeadingRequest {
                    start: self.eigenvector.as_ref().map(Block::all),
                    tolerance: TOLERANCE,
                    max_products: PRODUCTS,
                    seed: self.seed,
                    index: step as u64,
                };
                let found = leading(&operator, &request)?;
                record.lambda1 = Some(found.value);
                record.lambda1_residual = Some(found.residual);
                record.products += found.products;
                next = Some(found.vector);
            }
            if trace {
                let found = hutchinson(&operator, PROBES, self.seed, &mut |_| {})?;
                record.trace = Some(found.estimate);
                record.trace_error = Some(found.standard_error).filter(|e| e.is_finite());
                record.products += found.products;
            }
            self.hessian = Some(operator.into_product());
        }
        if sharpness {
            let whole = Stoppable { source: &self.whole, stop };
            let samples = self.whole.dataset().len();
            // A permutation of everything is everything: one batch is enough.
            let count = if self.batch == samples { 1 } else { MINI_BATCHES };
            let mut values = Vec::new();
            for order in draw_mini_batches(samples, self.batch, count, self.seed) {
                let size = order.len();
                let found = self.along.measure(weights, &Picked::new(&whole, order), 0..size)?;
                record.products += 1;
                values.extend(Some(found.curvature).filter(|c| c.is_finite()));
            }
            let (mean, error) = mean_and_error(&values);
            record.batch_sharpness = Some(mean).filter(|m| m.is_finite());
            record.batch_sharpness_error = Some(error).filter(|e| e.is_finite());
        }
        if next.is_some() {
            self.eigenvector = next;
        }
        Ok(record)
    }
}
