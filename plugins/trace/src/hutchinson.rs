//! Hutchinson's estimator: E ωᵀAω = tr A for random signs, on the complement of what is known.
//!
//! M. F. Hutchinson, *A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines*,
//! Commun. Statist. Simula. 19 (1990) 433–450. The variance is 2(‖A‖²_F − Σ a²ᵢᵢ)/m: it is the size of the large
//! eigenvalues that hurts, and those are what an eigensolver has just found. The same products give ‖A‖²_F = E ‖Aω‖².

use crate::products::Products;
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::complement::Complement;
use hesse_core::estimate::probes::{ProbeUse, rademacher};
use hesse_core::estimate::{
    EstimateError, EstimateEvent, Goal, Quantity, TraceEstimate, TraceEstimator, TraceRequest, statistics,
};
use hesse_core::operator::LinearOperator;

/// Hutchinson's estimator. Memory: 2 × block vectors. Cost: one product a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hutchinson;

/// Where and how samples are drawn.
pub(crate) struct Sampling<'a> {
    pub goal: Goal,
    pub quantity: Quantity,
    pub seed: u64,
    pub purpose: ProbeUse,
    pub block: usize,
    /// What is known without error, and is added to the mean before it is judged.
    pub exact: f64,
    /// A complement that the other one lies in.
    pub outer: Option<&'a Complement<'a>>,
    pub complement: &'a Complement<'a>,
}

impl Sampling<'_> {
    /// Draws samples until the goal is reached, the budget is spent or someone stops it.
    pub fn draw(&self, products: &mut Products<'_>) -> Result<(Vec<f64>, StopReason), EstimateError> {
        let space = self.complement.space();
        let block = self.block.clamp(1, products.left().max(1));
        let mut x = space.zeros(block)?;
        let mut y = space.zeros(block)?;
        let mut samples: Vec<f64> = Vec::new();
        let mut look = self.goal.least_samples;
        loop {
            let count = block.min(products.left());
            if count == 0 {
                return Ok((samples, StopReason::ProductLimit));
            }
            rademacher(space, &mut x, self.seed, self.purpose, samples.len()..samples.len() + count)?;
            if let Some(outer) = self.outer {
                outer.project(&mut x, 0..count)?;
            }
            self.complement.project(&mut x, 0..count)?;
            if !products.apply(self.complement, x.view(0..count), y.view_mut(0..count))? {
                return Ok((samples, StopReason::Interrupted));
            }
            for column in 0..count {
                let (x, y) = (x.view(column..column + 1), y.view(column..column + 1));
                let sample = match self.quantity {
                    Quantity::Trace => space.gram(x, y)?,
                    Quantity::SquaredNorm => space.gram(y.clone(), y)?,
                };
                samples.push(products.finite(sample.first().copied().unwrap_or(f64::NAN))?);
            }
            if samples.len() >= look {
                look = samples.len() + (samples.len() / 4).max(1);
                let mean = statistics::mean(&samples);
                let value = self.exact + mean.value;
                if self.goal.reached(value, mean.standard_error, samples.len()) {
                    return Ok((samples, StopReason::Converged));
                }
                products.report(self.goal.half_width(mean.standard_error, samples.len()) / value.abs());
            }
            if products.stopped() {
                return Ok((samples, StopReason::Interrupted));
            }
        }
    }
}

/// What known eigenvalues add to a quantity.
pub(crate) fn known_part(quantity: Quantity, values: &[f64]) -> f64 {
    match quantity {
        Quantity::Trace => values.iter().sum(),
        Quantity::SquaredNorm => values.iter().map(|v| v * v).sum(),
    }
}

impl TraceEstimator for Hutchinson {
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &TraceRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<TraceEstimate, EstimateError> {
        request.check()?;
        let complement = Complement::new(operator, request.known.as_ref())?;
        let exact = known_part(request.quantity, complement.known_values());
        let known_pairs = complement.known_values().len();
        let mut products = Products::new(1, request.max_products, observe);
        let (samples, reason) = match complement.free_dimension() {
            0 => (vec![0.0; 2], StopReason::Converged),
            _ => Sampling {
                goal: request.goal,
                quantity: request.quantity,
                seed: request.seed,
                purpose: match request.quantity {
                    Quantity::Trace => ProbeUse::Trace,
                    Quantity::SquaredNorm => ProbeUse::Norm,
                },
                block: request.block,
                exact,
                outer: None,
                complement: &complement,
            }
            .draw(&mut products)?,
        };
        if samples.len() < 2 {
            return Err(EstimateError::Interrupted);
        }
        let mean = statistics::mean(&samples);
        Ok(TraceEstimate {
            value: exact + mean.value,
            standard_error: mean.standard_error,
            half_width: request.goal.half_width(mean.standard_error, samples.len()),
            samples: if complement.free_dimension() == 0 { 0 } else { samples.len() },
            products: products.done(),
            known_part: exact,
            known_pairs,
            reason,
            remarks: Vec::new(),
        })
    }
}
