//! The solver: grow, look, contract, accept.
//!
//! **Growing** costs one product a step. **Looking** costs none: the eigenpairs of T, at most a few hundred rows, and the
//! recurrence's residual estimates; it is done after every step while T is small, so that no product is spent after the
//! last one that was needed. **Contracting** happens only when memory is full; it costs no product, but throws away part
//! of the Krylov space, so a larger basis needs fewer products. **Accepting** costs three products where the recurrence is
//! confirmed by them ([`Basis::confirm`]), and k ([`hesse_solver_tools::measured`]) for few pairs, near rounding, or where it is
//! not.
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

use crate::saved;
use crate::sweep::{Sweep, Verdict, length};
use hesse_core::eigen::{
    Abilities, Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StateKeeper,
    StopReason,
};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_solver_tools::krylov::{Basis, COMBINATIONS};
use hesse_solver_tools::measured::{Candidates, Measured, relative};
use hesse_solver_tools::projected::Ritz;
use hesse_solver_tools::wanted::{Wanted, survivors};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How much of the tolerance an estimate may use, so that rounding does not make an acceptance fail.
const MARGIN: f64 = 0.9;

/// How much of it before a new sweep, which abandons the direction in which the rest of the residual lies.
const QUIET: f64 = 0.25;

/// In units of epsilon: estimates below this, at a full basis, are as good as they get.
const NOISE: f64 = 100.0;

/// More pairs than this are verified together: it should save two products at least.
const WORTHWHILE: usize = COMBINATIONS + 1;

/// Acceptances that may fail to halve the worst residual.
const MOST_STALLS: usize = 2;

/// Thick-restart Lanczos.
///
/// Memory: the basis and one vector, at the first restart half as much again, and 2k vectors (3k after a failed
/// acceptance) at the end. Work per step apart from the product: about 8·n·m operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanczos {
    /// Vectors held before a restart; by default `max(2k + 10, 20)`, and room for six blocks beyond k. At least k + 2, with
    /// a block of b at least k + 2b, or the dimension.
    pub basis: Option<usize>,
    /// Vectors multiplied at once.
    pub block: usize,
    /// Whether to start again at random until nothing new turns up, which finds repeated eigenvalues. Costs a dozen
    /// products and the more, the closer the last wanted pair is to the first unwanted one.
    pub probe: bool,
    /// Whether each wanted vector is multiplied once more, instead of three random combinations of all of them.
    pub each: bool,
}

impl Default for Lanczos {
    fn default() -> Self {
        Lanczos { basis: None, block: 1, probe: false, each: false }
    }
}

impl Lanczos {
    fn capacity(&self, wanted: usize, dimension: usize) -> Result<usize, SolverError> {
        let blocks = |count: usize| if self.block > 1 { self.block.saturating_mul(count) } else { 2 };
        let least = wanted.saturating_add(blocks(2)).min(dimension);
        let usual = || wanted.saturating_mul(2).saturating_add(10).max(20);
        let capacity = self.basis.unwrap_or_else(|| usual().max(wanted.saturating_add(blocks(6))));
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
        self.solve_from(operator, request, Start::default(), observe)
    }

    fn abilities(&self) -> Abilities {
        Abilities { warm_start: true, resume: true }
    }

    fn solve_from(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        start: Start<'_>,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        let dimension = operator.dimension();
        request.check(dimension)?;
        let wanted = request.largest + request.smallest;
        let capacity = self.capacity(wanted, dimension)?;
        let mut run = Run {
            basis: Basis::new(operator, capacity, self.block, request.seed)?,
            request,
            observe,
            keeper: start.keeper,
            wanted,
            each: self.each,
            // Kept back for the last acceptance.
            reserve: wanted.min(request.max_products / 2),
            progress: Progress { sweep: Sweep::new(self.probe), stalls: 0, accept_from: 0, unseen: 0, stepped: false },
            best: None,
            begun: Instant::now(),
            before: 0.0,
        };
        match (start.state, start.initial) {
            (Some(state), _) => {
                let (progress, best) = saved::restore(state, &mut run.basis)?;
                (run.progress, run.best) = (progress, best);
            }
            (None, Some(initial)) if !initial.is_empty() => run.basis.begin_with(initial)?,
            _ => {}
        }
        run.before = run.basis.counted.statistics.seconds;
        let reason = run.iterate()?;
        if reason == StopReason::Interrupted {
            run.keep()?;
        }
        run.finish(reason)
    }
}

/// One call of the solver.
struct Run<'a, 'k> {
    basis: Basis<'a>,
    request: &'a EigenRequest,
    observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    keeper: Option<&'k mut dyn StateKeeper>,
    wanted: usize,
    each: bool,
    reserve: usize,
    progress: Progress,
    /// The best acceptance so far.
    best: Option<Measured>,
    /// When this call began, and the seconds of the calls that it goes on from.
    begun: Instant,
    before: f64,
}

/// Where a run is: with the basis and the best acceptance, all that its next step depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    sweep: Sweep,
    stalls: usize,
    /// No acceptance before this many products.
    accept_from: usize,
    /// Steps since the basis was looked at.
    unseen: usize,
    /// Whether the last step has still to be followed by a look.
    stepped: bool,
}

impl Run<'_, '_> {
    fn products(&self) -> usize {
        self.basis.counted.statistics.products
    }

    fn scale(&self) -> f64 {
        self.basis.counted.statistics.norm_estimate
    }

    fn left(&self) -> usize {
        self.request.max_products.saturating_sub(self.products())
    }

    fn stopped_by_observer(&mut self) -> bool {
        let products = self.products();
        (self.observe)(SolverEvent::Step { products }) == Control::Stop
    }

    /// Hands the state over, if anyone wants it.
    fn keep(&mut self) -> Result<(), SolverError> {
        if let Some(keeper) = self.keeper.as_mut() {
            self.basis.counted.statistics.seconds = self.before + self.begun.elapsed().as_secs_f64();
            keeper.keep(&saved::save(&self.progress, &self.basis, self.best.as_ref())?);
        }
        Ok(())
    }

    /// Grows and contracts until there is a reason to stop.
    fn iterate(&mut self) -> Result<StopReason, SolverError> {
        loop {
            if !self.progress.stepped
                && let Some(reason) = self.step()?
            {
                return Ok(reason);
            }
            let size = self.basis.size();
            // The work of looking grows as the cube of the size, that of a step does not.
            let due = self.basis.is_full() || self.basis.is_invariant() || size >= self.wanted;
            if due && (self.basis.is_full() || self.basis.is_invariant() || self.progress.unseen > size / 32) {
                if let Some(reason) = self.look()? {
                    return Ok(reason);
                }
                self.progress.unseen = 0;
            }
            self.progress.stepped = false;
        }
    }

    /// Multiplies one block; the reason to stop, if there is one.
    fn step(&mut self) -> Result<Option<StopReason>, SolverError> {
        if self.left() < self.reserve + 1 {
            return Ok(Some(StopReason::ProductLimit));
        }
        if !self.basis.prepare()? {
            return Ok(Some(StopReason::SpaceExhausted));
        }
        if self.basis.size() == 0 {
            self.basis.shorten(self.left() - self.reserve);
        }
        if self.left() < self.reserve + self.basis.next() {
            return Ok(Some(StopReason::ProductLimit));
        }
        match self.basis.advance() {
            Err(SolverError::Operator(OperatorError::Interrupted)) if self.basis.size() > 0 => {
                return Ok(Some(StopReason::Interrupted));
            }
            other => other?,
        }
        self.progress.sweep.steps += 1;
        self.progress.unseen += 1;
        self.progress.stepped = true;
        let products = self.products();
        if self.keeper.as_mut().is_some_and(|keeper| keeper.due(products)) {
            self.keep()?;
        }
        Ok(if self.stopped_by_observer() { Some(StopReason::Interrupted) } else { None })
    }

    /// Judges the basis; contracts it if it is full. No product unless the wanted pairs look converged.
    fn look(&mut self) -> Result<Option<StopReason>, SolverError> {
        let ritz = self.basis.ritz()?;
        let wanted = Wanted::of(self.request, ritz.len());
        let invariant = self.basis.is_invariant();
        self.progress.sweep.required |= self.basis.suspect;
        let scale = self.scale();
        let estimates: Vec<f64> =
            wanted.indices.iter().map(|&i| relative(self.basis.estimate(&ritz, i), scale)).collect();
        let worst = estimates.iter().fold(0.0f64, |m, &e| m.max(e));

        let epsilon = self.basis.epsilon();
        let floor = if self.basis.is_full() { NOISE * epsilon } else { 2.0 * epsilon };
        let near = wanted.indices.len() == self.wanted && worst <= floor.max(MARGIN * self.request.tolerance);
        // The values a new sweep begins with, where one has to begin.
        let mut begin: Option<Option<Vec<f64>>> = None;
        if near {
            let values = wanted.values(&ritz);
            let same = self.request.tolerance * scale;
            let length = length(&ritz, &wanted, self.basis.counted.space.dimension(), self.basis.capacity());
            let verdict = match self.basis.spans() {
                true => Verdict::Complete,
                false => self.progress.sweep.judge(&values, same, invariant, length),
            };
            match verdict {
                Verdict::Complete if self.products() >= self.progress.accept_from || self.basis.spans() => {
                    return self.accept(&ritz, wanted);
                }
                Verdict::Again if invariant || worst <= floor.max(QUIET * self.request.tolerance) => {
                    begin = Some(Some(values));
                }
                _ => {}
            }
        }
        if invariant && begin.is_none() {
            begin = Some(None);
        }
        // Until here nothing has changed that a second look would not find again; so a run may be stopped here and gone
        // on from.
        let full = self.basis.is_full();
        if full {
            let converged = estimates.iter().filter(|&&e| e <= self.request.tolerance).count();
            if self.tells_of_restart(converged, worst) {
                return Ok(Some(StopReason::Interrupted));
            }
            self.count_restart(converged);
        }
        if let Some(values) = begin {
            if values.is_some() {
                self.basis.forget_directions();
            }
            self.progress.sweep.begin(values);
        }
        if full {
            self.basis.contract(&ritz, &survivors(&wanted, ritz.len()))?;
        }
        Ok(None)
    }

    /// The wanted pairs as the recurrence sees them.
    fn candidates(&self, ritz: &Ritz, wanted: &Wanted) -> Result<Candidates, SolverError> {
        let mut vectors = self.basis.counted.space.zeros(wanted.indices.len())?;
        self.basis.ritz_vectors(ritz, &wanted.indices, &mut vectors)?;
        let lengths = wanted.indices.iter().map(|&i| self.basis.estimate(ritz, i)).collect();
        Ok(Candidates { vectors, values: wanted.values(ritz), lengths, largest: wanted.largest })
    }

    /// Fresh products of the wanted vectors; none where the operator was interrupted. At most `most` products.
    fn measure(&mut self, ritz: &Ritz, wanted: Wanted, most: usize) -> Result<Option<Measured>, SolverError> {
        let candidates = self.candidates(ritz, &wanted)?;
        match Measured::recomputed(&mut self.basis.counted, candidates, most) {
            Err(SolverError::Operator(OperatorError::Interrupted)) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The wanted pairs verified together; none where that is not cheaper than one by one, where it would fail because the
    /// tolerance is near rounding or the residuals lie in directions that a sweep or a failed acceptance has abandoned, and
    /// where it does fail. [`COMBINATIONS`] products.
    fn confirm(&mut self, ritz: &Ritz, wanted: &Wanted) -> Result<Option<Measured>, SolverError> {
        let near_rounding = self.request.tolerance <= NOISE * self.basis.epsilon();
        let abandoned = self.progress.sweep.required || self.best.is_some() || !self.basis.predicts();
        if self.each || near_rounding || abandoned || self.wanted <= WORTHWHILE {
            return Ok(None);
        }
        let candidates = self.candidates(ritz, wanted)?;
        let measured = self.basis.confirm(ritz, &wanted.indices, candidates)?;
        Ok(Some(measured).filter(|m| m.worst(self.scale()) <= self.request.tolerance))
    }

    /// Tells the observer of a restart; whether it wants to stop.
    fn tells_of_restart(&mut self, converged: usize, worst_residual: f64) -> bool {
        let products = self.products();
        (self.observe)(SolverEvent::Restart { products, converged, worst_residual }) == Control::Stop
    }

    fn count_restart(&mut self, converged: usize) {
        self.basis.counted.statistics.restarts += 1;
        self.basis.counted.statistics.locked = converged;
    }

    /// Verifies the wanted pairs, together or each; rebuilds the basis around them if they fail. At most k + 3 products.
    fn accept(&mut self, ritz: &Ritz, wanted: Wanted) -> Result<Option<StopReason>, SolverError> {
        if self.left() < self.wanted {
            return Ok(Some(StopReason::ProductLimit));
        }
        match self.confirm(ritz, &wanted) {
            Ok(Some(measured)) => {
                self.best = Some(measured);
                return Ok(Some(StopReason::Converged));
            }
            Ok(None) if self.left() < self.wanted => return Ok(Some(StopReason::ProductLimit)),
            Ok(None) => {}
            Err(SolverError::Operator(OperatorError::Interrupted)) => return Ok(Some(StopReason::Interrupted)),
            Err(error) => return Err(error),
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
            self.progress.stalls += 1;
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
        if self.progress.stalls >= MOST_STALLS {
            return Ok(Some(StopReason::Stagnated));
        }
        self.progress.accept_from = self.products() + self.wanted.max(5);
        // Rebuilt: what follows is a step, also for a run that goes on from here.
        (self.progress.unseen, self.progress.stepped) = (0, false);
        self.count_restart(converged);
        if self.stopped_by_observer() || self.tells_of_restart(converged, worst) {
            return Ok(Some(StopReason::Interrupted));
        }
        Ok(None)
    }

    /// Contracts the basis to the measured vectors and their neighbours; the next direction is the worst residual.
    fn rebuild(&mut self, ritz: &Ritz, kept: &[usize], measured: &Measured) -> Result<(), SolverError> {
        self.basis.contract(ritz, kept)?;
        let Some(residuals) = &measured.residuals else { return Ok(()) };
        self.basis.replace(&measured.vectors, &measured.projected, residuals, &measured.by_length())
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
                        Measured::estimated(self.basis.counted.space, self.candidates(&ritz, &wanted)?)?
                    }
                }
            }
        };
        let complete = measured.lengths.len() == self.wanted && !self.progress.sweep.required;
        if reason == StopReason::ProductLimit && complete && measured.worst(self.scale()) <= self.request.tolerance {
            // The last acceptance may succeed where the estimate had left a margin.
            reason = StopReason::Converged;
        }
        self.basis.counted.statistics.seconds = self.before + self.begun.elapsed().as_secs_f64();
        Ok(measured.into_result(self.request.tolerance, reason, self.basis.counted.statistics))
    }
}
