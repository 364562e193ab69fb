//! The estimator: probes in blocks, one recurrence each.

use crate::recurrence::Recurrence;
use crate::tridiagonal::gauss_quadrature;
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::complement::Complement;
use hesse_core::estimate::probes::{ProbeUse, gaussian};
use hesse_core::estimate::{Density, DensityEstimator, DensityRequest, EstimateError, EstimateEvent, ProbeQuadrature};
use hesse_core::operator::{LinearOperator, OperatorError};

/// Stochastic Lanczos quadrature. Memory: block × (steps + 2) vectors, or block × 4 without reorthogonalisation. Cost:
/// steps × probes products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slq {
    /// Whether every new vector is orthogonalised against all earlier ones, twice.
    pub reorthogonalize: bool,
}

impl Default for Slq {
    fn default() -> Self {
        Slq { reorthogonalize: true }
    }
}

/// One call.
struct Run<'a> {
    slq: Slq,
    complement: Complement<'a>,
    request: &'a DensityRequest<'a>,
    observe: &'a mut dyn FnMut(EstimateEvent) -> Control,
    products: usize,
    stopped: bool,
}

impl Run<'_> {
    fn steps(&self) -> usize {
        self.request.steps.min(self.complement.free_dimension())
    }

    /// The recurrences of these probes, as far as they came before someone stopped them.
    fn block(&mut self, probes: std::ops::Range<usize>) -> Result<Vec<Recurrence>, EstimateError> {
        let space = self.complement.space();
        let (count, steps, free) = (probes.len(), self.steps(), self.complement.free_dimension());
        let mut x = space.zeros(count)?;
        let mut y = space.zeros(count)?;
        // Normal entries, because only their directions are uniform in the complement too.
        gaussian(space, &mut x, self.request.seed, ProbeUse::Density, probes)?;
        self.complement.project(&mut x, 0..count)?;
        let mut all = (0..count)
            .map(|c| Recurrence::new(space, &x, c, steps, self.slq.reorthogonalize))
            .collect::<Result<Vec<_>, _>>()?;
        loop {
            let active: Vec<usize> = (0..count).filter(|&c| all.get(c).is_some_and(|r| !r.ended())).collect();
            if active.is_empty() {
                return Ok(all);
            }
            for (column, &c) in active.iter().enumerate() {
                if let Some(recurrence) = all.get(c) {
                    recurrence.current(space, &mut x, column)?;
                }
            }
            match self.complement.apply(x.view(0..active.len()), y.view_mut(0..active.len())) {
                Err(OperatorError::Interrupted) => {
                    self.stopped = true;
                    return Ok(all);
                }
                other => other?,
            }
            self.products += active.len();
            for (column, &c) in active.iter().enumerate() {
                if let Some(recurrence) = all.get_mut(c) {
                    recurrence.advance(space, &mut y, column, steps, free).map_err(|error| match error {
                        EstimateError::NotFinite { .. } => EstimateError::NotFinite { product: self.products },
                        other => other,
                    })?;
                }
            }
            let event = EstimateEvent::Products { done: self.products, most: steps * self.request.probes };
            if (self.observe)(event) == Control::Stop {
                self.stopped = true;
                return Ok(all);
            }
        }
    }
}

fn quadrature(recurrence: &Recurrence) -> Result<ProbeQuadrature, EstimateError> {
    let (diagonal, off) = recurrence.tridiagonal();
    let (nodes, weights) = gauss_quadrature(diagonal, off)?;
    Ok(ProbeQuadrature { nodes, weights, exact: recurrence.exact() })
}

impl DensityEstimator for Slq {
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &DensityRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<Density, EstimateError> {
        request.check()?;
        let complement = Complement::new(operator, request.known.as_ref())?;
        let mut sticks = complement.known_values().to_vec();
        sticks.sort_by(f64::total_cmp);
        let mut run = Run { slq: *self, complement, request, observe, products: 0, stopped: false };
        let mut remarks = Vec::new();
        let mut probes: Vec<ProbeQuadrature> = Vec::new();
        let mut reason = StopReason::Converged;
        if run.complement.free_dimension() > 0 {
            let mut from = 0;
            while from < request.probes {
                let to = (from + request.block.max(1)).min(request.probes);
                let recurrences = run.block(from..to)?;
                let complete = recurrences.iter().filter(|r| r.ended() && r.steps() > 0);
                probes.extend(complete.map(quadrature).collect::<Result<Vec<_>, _>>()?);
                from = to;
                let unfinished = from < request.probes || recurrences.iter().any(|r| !r.ended());
                if run.stopped && unfinished {
                    reason = StopReason::Interrupted;
                    if probes.is_empty() {
                        // Shorter rules are valid rules.
                        let begun = recurrences.iter().filter(|r| r.steps() > 0);
                        probes.extend(begun.map(quadrature).collect::<Result<Vec<_>, _>>()?);
                    }
                    break;
                }
            }
            if probes.is_empty() {
                return Err(EstimateError::Interrupted);
            }
        }
        if !self.reorthogonalize {
            remarks.push("no reorthogonalisation: nodes may be repeated, do not count them".to_string());
        }
        Ok(Density {
            dimension: operator.dimension(),
            sticks,
            probes,
            steps: request.steps,
            products: run.products,
            reason,
            remarks,
        })
    }
}
