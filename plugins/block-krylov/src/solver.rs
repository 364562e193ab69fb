//! Grow to the depth, look after each block, accept or begin anew.

use hesse_core::eigen::{
    Abilities, Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StopReason,
};
use hesse_core::operator::LinearOperator;
use hesse_solver_tools::driver::{Driver, Halt, MARGIN, halt};
use hesse_solver_tools::krylov::Basis;
use hesse_solver_tools::measured::Candidates;
use hesse_solver_tools::projected::Ritz;
use hesse_solver_tools::wanted::{Wanted, survivors};
use std::convert::Infallible;

/// Randomised block Krylov iteration. Memory: block · depth vectors, and half as much again at a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockKrylov {
    /// Vectors multiplied at once; by default k, at most 8.
    pub block: Option<usize>,
    /// Blocks before a restart; by default room for 3k + 20 vectors, and at least 6.
    pub depth: Option<usize>,
}

impl EigenSolver for BlockKrylov {
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        self.solve_from(operator, request, Start::default(), observe)
    }

    fn abilities(&self) -> Abilities {
        Abilities { warm_start: true, resume: false }
    }

    fn solve_from(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        start: Start<'_>,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        let initial = start.anew("block-krylov, which cannot")?;
        let mut driver = Driver::new(operator, request, observe)?;
        let (wanted, dimension) = (driver.wanted(), operator.dimension());
        let block = self.block.unwrap_or(wanted.min(8)).clamp(1, dimension);
        let depth = self.depth.unwrap_or_else(|| (3 * wanted + 20).div_ceil(block).max(6));
        // Fewer than the wanted ones and a block could hold no answer.
        let capacity = block.saturating_mul(depth).max(wanted + 2 * block).min(dimension);
        let mut basis = Basis::new(operator, capacity, block, request.seed)?;
        if let Some(initial) = initial
            && !initial.is_empty()
        {
            basis.begin_with(initial)?;
        }
        let Err(ended) = iterate(&mut driver, &mut basis);
        let last = match &ended {
            Halt::Stop(StopReason::Converged | StopReason::Stagnated) | Halt::Failed(_) => None,
            Halt::Stop(_) if basis.size() == 0 => None,
            Halt::Stop(_) => {
                let ritz = basis.ritz()?;
                let wanted = Wanted::of(request, ritz.len());
                Some(candidates(&basis, &ritz, &wanted)?)
            }
        };
        driver.finish(basis.counted, ended, last)
    }
}

/// Grows and begins anew until there is a reason to stop.
fn iterate(driver: &mut Driver<'_>, basis: &mut Basis<'_>) -> Result<Infallible, Halt> {
    loop {
        if !basis.prepare()? {
            // The whole space is spanned, so its Ritz pairs are what there is.
            accept(driver, basis)?;
            return Err(Halt::Stop(StopReason::SpaceExhausted));
        }
        if basis.size() == 0 {
            basis.shorten(driver.left(&basis.counted));
        }
        driver.afford(&basis.counted, basis.next())?;
        basis.advance().map_err(halt)?;
        driver.stepped(&basis.counted)?;
        let ritz = basis.ritz()?;
        let wanted = Wanted::of(driver.request, ritz.len());
        let estimates: Vec<f64> =
            wanted.indices.iter().map(|&i| driver.relative(&basis.counted, basis.estimate(&ritz, i))).collect();
        let worst = estimates.iter().fold(0.0f64, |m, &e| m.max(e));
        let tolerance = driver.request.tolerance;
        let floor = if basis.is_full() { 100.0 } else { 2.0 } * basis.epsilon();
        let near = wanted.indices.len() == driver.wanted() && worst <= floor.max(MARGIN * tolerance);
        // An invariant span may lack copies of what it holds; it grows on, at random.
        if near && (!basis.suspect || basis.spans() || basis.is_full()) {
            accept(driver, basis)?;
        }
        if basis.is_full() && !basis.spans() {
            let converged = estimates.iter().filter(|&&e| e <= tolerance).count();
            driver.restarted(&mut basis.counted, converged, worst)?;
            if basis.is_invariant() || basis.suspect {
                // There is no direction left that a block of Ritz vectors could grow along: keep them, draw others.
                basis.contract(&ritz, &survivors(&wanted, ritz.len()))?;
                basis.suspect = false;
            } else {
                let mut kept = survivors(&wanted, ritz.len());
                kept.truncate(basis.block());
                let mut vectors = basis.counted.space.zeros(kept.len())?;
                basis.ritz_vectors(&ritz, &kept, &mut vectors)?;
                basis.restart_with(&vectors)?;
            }
        }
    }
}

fn accept(driver: &mut Driver<'_>, basis: &mut Basis<'_>) -> Result<(), Halt> {
    let ritz = basis.ritz()?;
    let wanted = Wanted::of(driver.request, ritz.len());
    let candidates = candidates(basis, &ritz, &wanted)?;
    driver.accept(&mut basis.counted, candidates)
}

fn candidates(basis: &Basis<'_>, ritz: &Ritz, wanted: &Wanted) -> Result<Candidates, SolverError> {
    let mut vectors = basis.counted.space.zeros(wanted.indices.len())?;
    basis.ritz_vectors(ritz, &wanted.indices, &mut vectors)?;
    let lengths = wanted.indices.iter().map(|&i| basis.estimate(ritz, i)).collect();
    Ok(Candidates { vectors, values: wanted.values(ritz), lengths, largest: wanted.largest })
}
