//! Hutch++: the trace of a sketch exactly, Hutchinson on what is left.
//!
//! R. A. Meyer, C. Musco, C. Musco and D. P. Woodruff, *Hutch++: optimal stochastic trace estimation*, SOSA 2021. The
//! samples are independent of the sketch, so their standard error is an ordinary one. Where the goal allows, the second
//! phase ends early; the first has a size of its own, so that a large budget is not spent on it.

use crate::hutchinson::{Sampling, known_part};
use crate::products::Products;
use crate::sketch::{Directions, Sketch};
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::complement::{Complement, Squared};
use hesse_core::estimate::probes::ProbeUse;
use hesse_core::estimate::{
    EstimateError, EstimateEvent, KnownPairs, Quantity, TraceEstimate, TraceEstimator, TraceRequest, statistics,
};
use hesse_core::operator::LinearOperator;

/// The largest sketch that is not asked for.
const MOST: usize = 40;

/// Hutch++. Memory: 3 × sketch vectors. Cost: two products for each vector of the sketch, one for each sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HutchPlusPlus {
    /// Vectors in the sketch; by default a third of the budget, at most 40.
    pub sketch: Option<usize>,
}

impl TraceEstimator for HutchPlusPlus {
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &TraceRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<TraceEstimate, EstimateError> {
        request.check()?;
        let complement = Complement::new(operator, request.known.as_ref())?;
        let exact = known_part(request.quantity, complement.known_values());
        let squared = Squared(&complement);
        let (inner, cost): (&dyn LinearOperator, usize) = match request.quantity {
            Quantity::Trace => (&complement, 1),
            // A sketch of A is no invariant space, so ‖A‖² does not split along it; that of A² does.
            Quantity::SquaredNorm => (&squared, 2),
        };
        let mut products = Products::new(cost, request.max_products, observe);
        let free = complement.free_dimension();
        let size = self.sketch.unwrap_or((products.left() / 3).min(MOST)).min(products.left().saturating_sub(2) / 2);
        if let Some(wanted) = self.sketch.filter(|&wanted| wanted > size) {
            let most = format!("at most {size} for a budget of {} products", request.max_products);
            return Err(EstimateError::request("sketch", most, wanted));
        }
        let mut sketch = Sketch::new(&complement, Directions::Signs, request.seed, ProbeUse::Trace, request.block);
        let whole = sketch.grow(inner, size.min(free), &mut products)?;
        if !whole || products.stopped() {
            return Err(EstimateError::Interrupted);
        }
        let values = sketch.rayleigh_quotients()?;
        let on_sketch: f64 = values.iter().sum();
        products.finite(on_sketch)?;
        let pairs = KnownPairs { values: &values, vectors: sketch.basis() };
        let rest = Complement::new(inner, Some(&pairs))?;
        let sampled = free > values.len();
        let (samples, reason) = match sampled {
            false => (vec![0.0; 2], StopReason::Converged),
            true => Sampling {
                goal: request.goal,
                quantity: Quantity::Trace,
                seed: request.seed,
                purpose: ProbeUse::Residual,
                block: request.block,
                exact: exact + on_sketch,
                // The sketch is orthogonal to what is known, so that the two projections commute.
                outer: Some(&complement),
                complement: &rest,
            }
            .draw(&mut products)?,
        };
        if samples.len() < 2 {
            return Err(EstimateError::Interrupted);
        }
        let mean = statistics::mean(&samples);
        Ok(TraceEstimate {
            value: exact + on_sketch + mean.value,
            standard_error: mean.standard_error,
            half_width: request.goal.half_width(mean.standard_error, samples.len()),
            samples: if sampled { samples.len() } else { 0 },
            products: products.done(),
            known_part: exact,
            known_pairs: complement.known_values().len(),
            reason,
            remarks: Vec::new(),
        })
    }
}
