//! The solver: grow, look, contract, accept.
//!
//! **Growing** costs one product a step. **Looking** costs none: the eigenpairs of T, at most a few hundred rows, and the
//! recurrence's residual estimates; it is done after every step while T is small, so that no product is spent after the
//! last one that was needed. **Contracting** happens only when memory is full; it costs no product, but throws away part
//! of the Krylov space, so a larger basis needs fewer products. **Accepting** costs k products ([`crate::accept`]).
//!
//! *Locking is soft*: a converged pair stays in the basis, goes on improving, and every new vector is orthogonalised
//! against it, so that no copy of it can appear. Hard locking (freezing the vector and working in its orthogonal
//! complement) was decided against: at tolerances of 1e-3, which is what curvature needs, the error of a frozen vector is
//! a floor under the residuals of all later ones, and it saves no product.
//!
//! *A failed acceptance* means that the products carry more rounding than the recurrence knows. The basis is then
//! rebuilt around the measured vectors with their measured projection, and goes on along the worst of the measured
//! residuals. If two more acceptances fail to halve the worst residual, the tolerance is out of reach of these products,
//! and the solver says so instead of spending the budget.

use crate::accept::{Measured, relative};
use crate::basis::Basis;
use crate::projected::Ritz;
use crate::restart::{Wanted, survivors};
use crate::sweep::{Sweep, Verdict, length};
use hesse_core::eigen::{Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, StopReason};
use hesse_core::operator::{LinearOperator, OperatorError};
use std::time::Instant;

/// How much of the tolerance an estimate may use, so that rounding does not make an acceptance fail.
const MARGIN: f64 = 0.9;

/// How much of it before a new sweep, which abandons the direction in which the rest of the residual lies.
const QUIET: f64 = 0.25;

/// In units of epsilon: estimates below this, at a full basis, are as good as they get.
const NOISE: f64 = 100.0;

/// Acceptances that may fail to halve the worst residual.
const MOST_STALLS: usize = 2;

/// Thick-restart Lanczos.
///
/// Memory: the basis and one vector, at the first restart half as much again, and 2k vectors (3k after a failed
/// acceptance) at the end. Work per step apart from the product: about 8·n·m operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lanczos {
    /// Vectors held before a restart; by default `max(2k + 10, 20)`. At least k + 2, or the dimension.
    pub basis: Option<usize>,
    /// Whether to start again at random until nothing new turns up, which finds repeated eigenvalues. Costs a dozen
    /// products and the more, the closer the last wanted pair is to the first unwanted one.
    pub probe: bool,
}

impl Lanczos {
    fn capacity(&self, wanted: usize, dimension: usize) -> Result<usize, SolverError> {
        let least = wanted.saturating_add(2).min(dimension);
        let capacity = self.basis.unwrap_or_else(|| wanted.saturating_mul(2).saturating_add(10).max(20));
        if capacity < least {
            return Err(SolverError::Request {
                what: "basis",
                expected: format!("at least {least} vectors for {wanted} eigenvalues"),
                found: capacity.to_string(),
            });
        }
        Ok(capacity.min(dimension))
    }
}

impl EigenSolver for Lanczos {
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        let start = Instant::now();
        let dimension = operator.dimension();
        request.check(dimension)?;
        let wanted = request.largest + request.smallest;
        let capacity = self.capacity(wanted, dimension)?;
        let mut run = Run {
            basis: Basis::new(operator, capacity, request.seed)?,
            request,
            observe,
            wanted,
            // Kept back for the last acceptance.
            reserve: wanted.min(request.max_products / 2),
            sweep: Sweep::new(self.probe),
            best: None,
            stalls: 0,
            accept_from: 0,
        };
        let reason = run.iterate()?;
        let mut result = run.finish(reason)?;
        result.statistics.seconds = start.elapsed().as_secs_f64();
        Ok(result)
    }
}

/// One call of the solver.
struct Run<'a> {
    basis: Basis<'a>,
    request: &'a EigenRequest,
    observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    wanted: usize,
    reserve: usize,
    sweep: Sweep,
    /// The best acceptance so far.
    best: Option<Measured>,
    stalls: usize,
    /// No acceptance before this many products.
    accept_from: usize,
}

impl Run<'_> {
    fn products(&self) -> usize {
        self.basis.statistics.products
    }

    fn scale(&self) -> f64 {
        self.basis.statistics.norm_estimate
    }

    fn left(&self) -> usize {
        self.request.max_products.saturating_sub(self.products())
    }

    fn stopped_by_observer(&mut self) -> bool {
        let products = self.products();
        (self.observe)(SolverEvent::Step { products }) == Control::Stop
    }

    /// Grows and contracts until there is a reason to stop.
    fn iterate(&mut self) -> Result<StopReason, SolverError> {
        let mut unseen = 0;
        loop {
            if self.left() < self.reserve + 1 {
                return Ok(StopReason::ProductLimit);
            }
            if !self.basis.prepare()? {
                return Ok(StopReason::SpaceExhausted);
            }
            match self.basis.advance() {
                Err(SolverError::Operator(OperatorError::Interrupted)) if self.basis.size() > 0 => {
                    return Ok(StopReason::Interrupted);
                }
                other => other?,
            }
            self.sweep.steps += 1;
            if self.stopped_by_observer() {
                return Ok(StopReason::Interrupted);
            }
            unseen += 1;
            let size = self.basis.size();
            // The work of looking grows as the cube of the size, that of a step does not.
            if self.basis.is_full() || self.basis.is_invariant() || (size >= self.wanted && unseen > size / 32) {
                unseen = 0;
                if let Some(reason) = self.look()? {
                    return Ok(reason);
                }
            }
        }
    }

    /// Judges the basis; contracts it if it is full. No product unless the wanted pairs look converged.
    fn look(&mut self) -> Result<Option<StopReason>, SolverError> {
        let ritz = self.basis.ritz()?;
        let wanted = Wanted::of(self.request, ritz.len());
        let invariant = self.basis.is_invariant();
        self.sweep.required |= self.basis.suspect;
        let scale = self.scale();
        let estimates: Vec<f64> =
            wanted.indices.iter().map(|&i| relative(self.basis.estimate(&ritz, i), scale)).collect();
        let worst = estimates.iter().fold(0.0f64, |m, &e| m.max(e));

        let epsilon = self.basis.epsilon();
        let floor = if self.basis.is_full() { NOISE * epsilon } else { 2.0 * epsilon };
        let near = wanted.indices.len() == self.wanted && worst <= floor.max(MARGIN * self.request.tolerance);
        let mut begun = false;
        if near {
            let values = wanted.values(&ritz);
            let same = self.request.tolerance * scale;
            let length = length(&ritz, &wanted, self.basis.space.dimension(), self.basis.capacity());
            let verdict = match self.basis.spans() {
                true => Verdict::Complete,
                false => self.sweep.judge(&values, same, invariant, length),
            };
            match verdict {
                Verdict::Complete if self.products() >= self.accept_from || self.basis.spans() => {
                    return self.accept(&ritz, wanted);
                }
                Verdict::Again if invariant || worst <= floor.max(QUIET * self.request.tolerance) => {
                    self.sweep.begin(Some(values));
                    self.basis.forget_direction();
                    begun = true;
                }
                _ => {}
            }
        }
        if invariant && !begun {
            self.sweep.begin(None);
        }
        if self.basis.is_full() {
            let converged = estimates.iter().filter(|&&e| e <= self.request.tolerance).count();
            if self.restarted(converged, worst) {
                return Ok(Some(StopReason::Interrupted));
            }
            self.basis.contract(&ritz, &survivors(&wanted, ritz.len()))?;
        }
        Ok(None)
    }

    /// Fresh products of the wanted vectors; none where the operator was interrupted. At most `most` products.
    fn measure(&mut self, ritz: &Ritz, wanted: Wanted, most: usize) -> Result<Option<Measured>, SolverError> {
        match Measured::recomputed(&mut self.basis, ritz, wanted, most) {
            Err(SolverError::Operator(OperatorError::Interrupted)) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Counts a restart and tells the observer; whether it wants to stop.
    fn restarted(&mut self, converged: usize, worst_residual: f64) -> bool {
        let statistics = &mut self.basis.statistics;
        statistics.restarts += 1;
        statistics.locked = converged;
        let products = statistics.products;
        (self.observe)(SolverEvent::Restart { products, converged, worst_residual }) == Control::Stop
    }

    /// Measures the wanted pairs, and rebuilds the basis around them if they fail. k products.
    fn accept(&mut self, ritz: &Ritz, wanted: Wanted) -> Result<Option<StopReason>, SolverError> {
        if self.left() < self.wanted {
            return Ok(Some(StopReason::ProductLimit));
        }
        let kept = survivors(&wanted, ritz.len());
        let left = self.left();
        let Some(measured) = self.measure(ritz, wanted, left)? else {
            return Ok(Some(StopReason::Interrupted));
        };
        let scale = self.scale();
        let worst = measured.worst(scale);
        if worst <= self.request.tolerance {
            self.best = Some(measured);
            return Ok(Some(StopReason::Converged));
        }
        let before = self.best.as_ref().map_or(f64::INFINITY, |b| b.worst(scale));
        if worst > 0.5 * before {
            self.stalls += 1;
        }
        let spans = self.basis.spans();
        if !spans {
            self.rebuild(ritz, &kept, &measured)?;
        }
        let converged = measured.lengths.iter().filter(|&&l| relative(l, scale) <= self.request.tolerance).count();
        if worst < before {
            self.best = Some(measured);
        }
        if spans {
            return Ok(Some(StopReason::SpaceExhausted));
        }
        if self.stalls >= MOST_STALLS {
            return Ok(Some(StopReason::Stagnated));
        }
        self.accept_from = self.products() + self.wanted.max(5);
        if self.stopped_by_observer() || self.restarted(converged, worst) {
            return Ok(Some(StopReason::Interrupted));
        }
        Ok(None)
    }

    /// Contracts the basis to the measured vectors and their neighbours; the next direction is the worst residual.
    fn rebuild(&mut self, ritz: &Ritz, kept: &[usize], measured: &Measured) -> Result<(), SolverError> {
        self.basis.contract(ritz, kept)?;
        let Some(residuals) = &measured.residuals else { return Ok(()) };
        let index = measured.worst_index();
        let length = measured.lengths.get(index).copied().unwrap_or(0.0);
        self.basis.replace(&measured.vectors, &measured.projected, (residuals, index), length)
    }

    /// Makes the result: the best acceptance, or what the budget still allows.
    fn finish(mut self, mut reason: StopReason) -> Result<EigenResult, SolverError> {
        let left = if reason == StopReason::Interrupted { 0 } else { self.left() };
        let settled = matches!(reason, StopReason::Converged | StopReason::Stagnated | StopReason::SpaceExhausted);
        let measured = match self.best.take() {
            Some(best) if settled || left < self.wanted => best,
            _ => {
                let ritz = self.basis.ritz()?;
                let wanted = Wanted::of(self.request, ritz.len());
                let measured = if left > 0 { self.measure(&ritz, wanted.clone(), left)? } else { None };
                match measured {
                    Some(measured) => measured,
                    None => {
                        // Nothing to spend, or interrupted while spending it.
                        reason = if left > 0 { StopReason::Interrupted } else { reason };
                        Measured::estimated(&self.basis, &ritz, wanted)?
                    }
                }
            }
        };
        let complete = measured.lengths.len() == self.wanted && !self.sweep.required;
        if reason == StopReason::ProductLimit && complete && measured.worst(self.scale()) <= self.request.tolerance {
            // The last acceptance may succeed where the estimate had left a margin.
            reason = StopReason::Converged;
        }
        Ok(measured.into_result(self.request.tolerance, reason, self.basis.statistics))
    }
}
