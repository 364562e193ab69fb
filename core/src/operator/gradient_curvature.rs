//! Curvature along the gradient of a batch: gᵀHg / ‖g‖².
//!
//! Its mean over mini-batches is the batch sharpness of Andreyev and Beneventano (arXiv:2412.20553), the quantity that
//! stochastic gradient descent holds at 2/η. Both programs are compiled once and run for every batch.

use super::compiled::{Compiled, CompiledProduct};
use super::evaluate::{DeviceBatch, Weights};
use super::{OperatorError, batches, halving, source::DataSource};
use crate::backend::SecondOrderBackend;
use crate::program::{Curvature, Problem, Wrt};
use crate::vectors::{Block, Precision, norms};
use std::ops::Range;

/// What was found on one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlongGradient {
    /// The batch's mean loss.
    pub loss: f64,
    /// Its total weight; without any, the rest is NaN.
    pub weight: f64,
    /// ‖g‖ of the mean loss.
    pub gradient_norm: f64,
    /// gᵀHg / ‖g‖², the Rayleigh quotient of the gradient; NaN where the gradient vanishes.
    pub curvature: f64,
}

/// Compiled programs for one network, with no weights and no samples of their own.
pub struct GradientCurvature<'a> {
    backend: &'a dyn SecondOrderBackend,
    gradient: Compiled,
    product: CompiledProduct,
    at_once: usize,
}

impl<'a> GradientCurvature<'a> {
    /// Records both programs; batches are computed in parts of at most `at_once` samples.
    ///
    /// # Errors
    /// Where a derivative cannot be recorded.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        wrt: &Wrt,
        at_once: usize,
    ) -> Result<Self, OperatorError> {
        Ok(GradientCurvature {
            backend,
            gradient: Compiled::new(problem.gradient(wrt)?),
            product: CompiledProduct::new(problem, Curvature::Hessian, wrt)?,
            at_once,
        })
    }

    /// Measures the samples of a range as one batch. Cost: a gradient and a product without anything kept, 11 F.
    ///
    /// # Errors
    /// Where the data cannot be read or the loss is not finite.
    pub fn measure(
        &mut self,
        weights: &Weights,
        source: &dyn DataSource,
        range: Range<usize>,
    ) -> Result<AlongGradient, OperatorError> {
        let (mut at_once, coupled) = (self.at_once, self.product.is_coupled());
        halving(
            &mut at_once,
            coupled,
            |e: &OperatorError| Some(e),
            |at_once| {
                self.at_once = at_once;
                self.pass(weights, source, range.clone())
            },
        )
    }

    fn pass(
        &mut self,
        weights: &Weights,
        source: &dyn DataSource,
        range: Range<usize>,
    ) -> Result<AlongGradient, OperatorError> {
        let (backend, n) = (self.backend, self.product.dimension());
        let (narrow, wide) = (backend.space(n, backend.info().precision), backend.space(n, Precision::F64));
        let parts = batches(range.len(), self.at_once).map(|part| range.start + part.start..range.start + part.end);
        let buffers = || weights.buffers.as_ref().map(Block::all);

        let mut sum = wide.zeros(1)?;
        let (mut loss, mut weight) = (0.0, 0.0);
        for part in parts.clone() {
            let data = DeviceBatch::load(backend, source, part.clone())?;
            let feed = data.feed(weights.parameters.all(), buffers());
            let program = self.gradient.at(backend, part.len())?;
            let outcome = program.run(&feed, Some(sum.all_mut()), None)?;
            if !outcome.loss.is_finite() {
                let place = program.first_not_finite(&feed)?.unwrap_or_else(|| "the sum".into());
                return Err(OperatorError::NotFinite { what: "loss", place: format!("samples {part:?}, {place}") });
            }
            loss += outcome.loss;
            weight += outcome.weight;
        }
        let length = norms(wide.as_ref(), sum.all())?[0];
        let found = AlongGradient { loss: loss / weight, weight, gradient_norm: length / weight, curvature: f64::NAN };
        if !(weight > 0.0 && length > 0.0) {
            return Ok(found);
        }

        wide.scale(sum.all_mut(), &[1.0 / length])?;
        let mut direction = narrow.zeros(1)?;
        narrow.copy(sum.all(), direction.all_mut())?;
        let mut product = wide.zeros(1)?;
        for part in parts {
            let data = DeviceBatch::load(backend, source, part.clone())?;
            let mut feed = data.feed(weights.parameters.all(), buffers());
            let (program, _) = self.product.primal(backend, part.len())?;
            let mut saved = program.new_saved()?;
            program.run(&feed, None, Some(&mut saved))?;
            feed.direction = Some(direction.all());
            feed.saved = Some(&saved);
            self.product.tangent(backend, part.len())?.run(&feed, Some(product.all_mut()), None)?;
        }
        // The unit vector as the product saw it.
        wide.copy(direction.all(), sum.all_mut())?;
        let along = wide.gram(sum.all(), product.all())?[0] / wide.gram(sum.all(), sum.all())?[0];
        Ok(AlongGradient { curvature: along / weight, ..found })
    }
}
