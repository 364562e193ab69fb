//! What every solver that iterates on a block of vectors does around its iteration: it keeps to the budget, tells the
//! observer, accepts by fresh products, gives up when these no longer improve, and returns what there is.
//!
//! An iteration is written as if nothing could stop it; [`Halt`] carries a reason out of it.

use crate::counted::{Counted, require_finite};
use crate::measured::{Candidates, Measured, relative};
use hesse_core::eigen::{Control, EigenRequest, EigenResult, SolverError, SolverEvent, StopReason};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::vectors::{VectorError, View, ViewMut};
use std::time::Instant;

/// Acceptances that may fail to halve the worst residual.
const MOST_STALLS: usize = 2;

/// How much of the tolerance an estimate may use, so that rounding does not make an acceptance fail.
pub const MARGIN: f64 = 0.9;

/// Why an iteration is left.
#[derive(Debug)]
pub enum Halt {
    /// To return what there is.
    Stop(StopReason),
    /// Because something failed.
    Failed(SolverError),
}

impl From<SolverError> for Halt {
    fn from(error: SolverError) -> Self {
        Halt::Failed(error)
    }
}
impl From<VectorError> for Halt {
    fn from(error: VectorError) -> Self {
        Halt::Failed(error.into())
    }
}

/// One run of a block solver.
pub struct Driver<'a> {
    /// What is wanted.
    pub request: &'a EigenRequest,
    observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    start: Instant,
    /// Products kept back for the last acceptance.
    reserve: usize,
    best: Option<Measured>,
    stalls: usize,
}

impl<'a> Driver<'a> {
    /// Begins a run. No product.
    ///
    /// # Errors
    /// Where the request is senseless.
    pub fn new(
        operator: &dyn LinearOperator,
        request: &'a EigenRequest,
        observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<Self, SolverError> {
        request.check(operator.dimension())?;
        let wanted = request.largest + request.smallest;
        Ok(Driver {
            request,
            observe,
            start: Instant::now(),
            reserve: wanted.min(request.max_products / 2),
            best: None,
            stalls: 0,
        })
    }

    /// How many pairs are wanted.
    pub fn wanted(&self) -> usize {
        self.request.largest + self.request.smallest
    }

    /// Products that may still be spent before the last acceptance.
    pub fn left(&self, counted: &Counted<'_>) -> usize {
        self.request.max_products.saturating_sub(counted.statistics.products + self.reserve)
    }

    /// A residual relative to ‖A‖.
    pub fn relative(&self, counted: &Counted<'_>, length: f64) -> f64 {
        relative(length, counted.statistics.norm_estimate)
    }

    /// Makes sure that so many more products are in the budget.
    ///
    /// # Errors
    /// Where they are not.
    pub fn afford(&self, counted: &Counted<'_>, products: usize) -> Result<(), Halt> {
        if products > self.left(counted) { Err(Halt::Stop(StopReason::ProductLimit)) } else { Ok(()) }
    }

    /// Tells the observer of a step.
    ///
    /// # Errors
    /// Where it stops the run.
    pub fn stepped(&mut self, counted: &Counted<'_>) -> Result<(), Halt> {
        self.tell(SolverEvent::Step { products: counted.statistics.products })
    }

    /// `Y ← A X`, if the budget allows all of it; tells the observer afterwards.
    ///
    /// # Errors
    /// Where the budget does not, the observer stops the run, or the product fails.
    pub fn apply(&mut self, counted: &mut Counted<'_>, x: View<'_>, y: ViewMut<'_>) -> Result<(), Halt> {
        self.afford(counted, x.len())?;
        let before = counted.statistics.products;
        let ViewMut { block, columns } = y;
        counted.apply(x, block.view_mut(columns.clone())).map_err(halt)?;
        for (i, column) in columns.enumerate() {
            let square = counted.space.gram(block.view(column..column + 1), block.view(column..column + 1))?;
            require_finite(&square, 1, before + i)?;
            counted.norm = counted.norm.max(square.first().copied().unwrap_or(0.0).sqrt());
        }
        self.stepped(counted)
    }

    /// Counts a restart and tells the observer.
    ///
    /// # Errors
    /// Where the observer stops the run.
    pub fn restarted(&mut self, counted: &mut Counted<'_>, converged: usize, worst_residual: f64) -> Result<(), Halt> {
        counted.statistics.restarts += 1;
        counted.statistics.locked = converged;
        let products = counted.statistics.products;
        self.tell(SolverEvent::Restart { products, converged, worst_residual })
    }

    fn tell(&mut self, event: SolverEvent) -> Result<(), Halt> {
        match (self.observe)(event) {
            Control::Continue => Ok(()),
            Control::Stop => Err(Halt::Stop(StopReason::Interrupted)),
        }
    }

    /// Multiplies the candidates anew. Ends the run where all are within the tolerance, or where this is the third
    /// acceptance that has not halved the worst residual; otherwise returns, and the iteration goes on. k products.
    ///
    /// # Errors
    /// Where the run ends, for whatever reason.
    pub fn accept(&mut self, counted: &mut Counted<'_>, candidates: Candidates) -> Result<(), Halt> {
        let left = self.request.max_products.saturating_sub(counted.statistics.products);
        if left < candidates.vectors.columns() {
            return Err(Halt::Stop(StopReason::ProductLimit));
        }
        let measured = Measured::recomputed(counted, candidates, left).map_err(halt)?;
        let scale = counted.statistics.norm_estimate;
        let worst = measured.worst(scale);
        let complete = measured.vectors.columns() == self.wanted();
        let before = self.best.as_ref().map_or(f64::INFINITY, |b| b.worst(scale));
        if worst < before {
            self.best = Some(measured);
        }
        if worst <= self.request.tolerance && complete {
            return Err(Halt::Stop(StopReason::Converged));
        }
        if worst > 0.5 * before {
            self.stalls += 1;
        }
        if self.stalls >= MOST_STALLS {
            return Err(Halt::Stop(StopReason::Stagnated));
        }
        self.stepped(counted)
    }

    /// Makes the result: the best acceptance, or `last` with as many fresh products as the budget still allows.
    ///
    /// # Errors
    /// Where the run failed, or a last product does.
    pub fn finish(
        mut self,
        mut counted: Counted<'_>,
        halt: Halt,
        last: Option<Candidates>,
    ) -> Result<EigenResult, SolverError> {
        let mut reason = match halt {
            Halt::Stop(reason) => reason,
            Halt::Failed(error) => return Err(error),
        };
        let settled = matches!(reason, StopReason::Converged | StopReason::Stagnated);
        let measured = match (self.best.take(), last) {
            (Some(best), _) if settled => best,
            (best, Some(last)) if best.as_ref().is_none_or(|b| b.vectors.columns() <= last.vectors.columns()) => {
                let left = self.request.max_products.saturating_sub(counted.statistics.products);
                let usable = if reason == StopReason::Interrupted { 0 } else { left };
                match best {
                    Some(best) if usable < last.vectors.columns() => best,
                    None if usable == 0 => Measured::estimated(counted.space, last)?,
                    _ => Measured::recomputed(&mut counted, last, usable)?,
                }
            }
            (Some(best), _) => best,
            (None, None) => nothing(&counted)?,
            (None, Some(last)) => Measured::estimated(counted.space, last)?,
        };
        let complete = measured.vectors.columns() == self.wanted();
        let within = complete && measured.worst(counted.statistics.norm_estimate) <= self.request.tolerance;
        if reason == StopReason::ProductLimit && within {
            reason = StopReason::Converged;
        }
        if reason == StopReason::Converged && !within {
            reason = StopReason::Stagnated;
        }
        counted.statistics.seconds = self.start.elapsed().as_secs_f64();
        Ok(measured.into_result(self.request.tolerance, reason, counted.statistics))
    }
}

/// An interruption of the operator is a reason to stop, anything else a failure.
pub fn halt(error: SolverError) -> Halt {
    match error {
        SolverError::Operator(OperatorError::Interrupted) => Halt::Stop(StopReason::Interrupted),
        other => Halt::Failed(other),
    }
}

fn nothing(counted: &Counted<'_>) -> Result<Measured, SolverError> {
    Ok(Measured {
        vectors: counted.space.zeros(0)?,
        residuals: None,
        projected: Vec::new(),
        largest: 0,
        values: Vec::new(),
        lengths: Vec::new(),
        verified: 0,
    })
}
