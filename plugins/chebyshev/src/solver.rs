//! Bounds, then filter, orthonormalise, project, until the residuals are small.

use crate::filter::{Interval, filter};
use hesse_core::eigen::{
    Abilities, Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StopReason,
};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{Block, View, norms};
use hesse_solver_tools::counted::Counted;
use hesse_solver_tools::driver::{Driver, Halt, MARGIN, halt};
use hesse_solver_tools::krylov::Basis;
use hesse_solver_tools::measured::{Candidates, rayleigh_ritz};
use hesse_solver_tools::orthogonal::{extend, extend_at_random};
use std::convert::Infallible;

/// Rounds without a better residual after which an acceptance is tried, and the third of these ends the run.
const MOST_IDLE: usize = 12;

/// Residual-based Chebyshev-filtered subspace iteration. Memory: eight blocks of k + guard vectors, and the bounds' basis
/// while it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chebyshev {
    /// Highest degree of the filter.
    pub degree: usize,
    /// Vectors beyond the wanted ones at each end.
    pub guard: usize,
    /// Lanczos products that bound the spectrum.
    pub bounds: usize,
}

impl Default for Chebyshev {
    fn default() -> Self {
        Chebyshev { degree: 10, guard: 3, bounds: 10 }
    }
}

impl EigenSolver for Chebyshev {
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
        let initial = start.anew("chebyshev, which cannot")?;
        let driver = Driver::new(operator, request, observe)?;
        let dimension = operator.dimension();
        let room = dimension - driver.wanted();
        let guards = |wanted: usize, room: usize| if wanted > 0 { self.guard.min(room) } else { 0 };
        let above = guards(request.largest, room);
        let below = guards(request.smallest, room - above);
        let counted = Counted::new(operator, request.seed);
        let (upper, lower) = (request.largest + above, request.smallest + below);
        let mut run = Run {
            x: counted.space.zeros(upper + lower)?,
            images: counted.space.zeros(upper + lower)?,
            counted,
            driver,
            degree: self.degree,
            upper,
            lower,
            values: Vec::new(),
            range: (f64::INFINITY, f64::NEG_INFINITY),
        };
        let Err(ended) = run.begin(self, operator, initial).and_then(|()| run.iterate());
        let last = match &ended {
            Halt::Failed(_) => None,
            Halt::Stop(_) if run.values.is_empty() => None,
            Halt::Stop(_) => {
                let lengths = run.residuals()?.1;
                Some(run.candidates(&lengths)?)
            }
        };
        run.driver.finish(run.counted, ended, last)
    }
}

struct Run<'a> {
    driver: Driver<'a>,
    counted: Counted<'a>,
    degree: usize,
    /// Orthonormal Ritz vectors: `upper` of the largest, falling, then `lower` of the smallest, rising.
    x: Block,
    images: Block,
    upper: usize,
    lower: usize,
    /// Their Ritz values; none before the first products.
    values: Vec<f64>,
    /// Bounds of the spectrum.
    range: (f64, f64),
}

impl<'a> Run<'a> {
    /// Bounds by a short Lanczos run; X from the initial vectors, or from that run, filled up at random.
    fn begin(
        &mut self,
        options: &Chebyshev,
        operator: &'a dyn LinearOperator,
        initial: Option<View<'_>>,
    ) -> Result<(), Halt> {
        let (space, width) = (self.counted.space, self.upper + self.lower);
        let warm = initial.as_ref().is_some_and(|v| !v.is_empty());
        let steps = if warm { options.bounds } else { options.bounds + width }.min(operator.dimension());
        let mut basis = Basis::new(operator, steps, 1, self.driver.request.seed)?;
        std::mem::swap(&mut basis.counted, &mut self.counted);
        let outcome = self.lanczos(&mut basis, steps, width);
        std::mem::swap(&mut basis.counted, &mut self.counted);
        let found = outcome?;
        let mut count = 0;
        if let Some(initial) = initial {
            let mut from = space.zeros(initial.len())?;
            space.copy(initial, from.all_mut())?;
            let most = from.columns().min(width);
            count = extend(&mut self.counted, &mut self.x, 0, &mut from, 0..most)?;
        }
        // The guards of a warm start: what the short run knows beyond the given vectors.
        let mut from = found;
        let most = from.columns();
        count = extend(&mut self.counted, &mut self.x, count, &mut from, 0..most)?;
        extend_at_random(&mut self.counted, &mut self.x, count, width)?;
        self.project()
    }

    /// Grows a basis, takes the bounds from it, and returns its Ritz vectors at the wanted ends.
    fn lanczos(&mut self, basis: &mut Basis<'a>, steps: usize, width: usize) -> Result<Block, Halt> {
        while basis.size() < steps && basis.prepare()? {
            self.driver.afford(&basis.counted, width + 1)?;
            basis.advance().map_err(halt)?;
            self.driver.stepped(&basis.counted)?;
        }
        let ritz = basis.ritz()?;
        if let (Some(low), Some(high)) = (ritz.values.first(), ritz.values.last()) {
            self.range = (low - basis.estimate(&ritz, 0), high + basis.estimate(&ritz, ritz.len() - 1));
        }
        let upper = self.upper.min(ritz.len());
        let lower = self.lower.min(ritz.len() - upper);
        let indices: Vec<usize> = (0..upper).map(|i| ritz.len() - 1 - i).chain(0..lower).collect();
        let mut found = basis.counted.space.zeros(indices.len())?;
        basis.ritz_vectors(&ritz, &indices, &mut found)?;
        Ok(found)
    }

    /// Products of X, and Rayleigh–Ritz in its span.
    fn project(&mut self) -> Result<(), Halt> {
        let (space, width) = (self.counted.space, self.x.columns());
        self.driver.apply(&mut self.counted, self.x.all(), self.images.all_mut())?;
        let ritz = rayleigh_ritz(&mut self.counted, self.x.all(), self.images.all())?;
        let indices: Vec<usize> =
            (0..self.upper).map(|i| width - 1 - i).chain(0..self.lower).filter(|&i| i < width).collect();
        let coefficients = ritz.columns(&indices);
        for block in [&mut self.x, &mut self.images] {
            let mut rotated = space.zeros(width)?;
            space.combine(rotated.all_mut(), 0.0, block.all(), &coefficients)?;
            *block = rotated;
        }
        self.values = indices.iter().filter_map(|&i| ritz.values.get(i).copied()).collect();
        for &value in &ritz.values {
            self.range = (self.range.0.min(value), self.range.1.max(value));
        }
        Ok(())
    }

    /// AX − XΘ and the lengths of its columns.
    fn residuals(&self) -> Result<(Block, Vec<f64>), SolverError> {
        let space = self.counted.space;
        let mut r = space.zeros(self.x.columns())?;
        space.copy(self.images.all(), r.all_mut())?;
        for (column, value) in self.values.iter().enumerate() {
            let from = self.x.view(column..column + 1);
            space.combine(r.view_mut(column..column + 1), 1.0, from, &[-value])?;
        }
        let lengths = norms(space, r.all())?;
        Ok((r, lengths))
    }

    /// Columns of X that are wanted.
    fn wanted(&self) -> Vec<usize> {
        let request = self.driver.request;
        (0..request.largest).chain(self.upper..self.upper + request.smallest).collect()
    }

    fn candidates(&self, lengths: &[f64]) -> Result<Candidates, SolverError> {
        let columns = self.wanted();
        let space = self.counted.space;
        let mut vectors = space.zeros(columns.len())?;
        for (to, &from) in columns.iter().enumerate() {
            space.copy(self.x.view(from..from + 1), vectors.view_mut(to..to + 1))?;
        }
        let pick = |all: &[f64]| columns.iter().filter_map(|&c| all.get(c).copied()).collect();
        let largest = self.driver.request.largest;
        Ok(Candidates { vectors, values: pick(&self.values), lengths: pick(lengths), largest })
    }

    /// What lies between the last vectors of both ends, or between those of one end and the bound of the other.
    fn interval(&self) -> Interval {
        let high = if self.upper > 0 { self.values[self.upper - 1] } else { self.range.1 };
        let low = if self.lower > 0 { self.values[self.upper + self.lower - 1] } else { self.range.0 };
        // Where the vectors are all there is, or all of one value, any interval is as good as another.
        let spread = (self.range.1 - self.range.0).max(self.counted.norm * self.counted.epsilon() * 64.0);
        let half = (0.5 * (high - low)).max(1e-3 * spread);
        Interval { centre: 0.5 * (high + low), half }
    }

    fn iterate(&mut self) -> Result<Infallible, Halt> {
        let (mut best, mut idle) = (f64::INFINITY, 0);
        let dimension = self.counted.space.dimension();
        loop {
            let (residuals, lengths) = self.residuals()?;
            let tolerance = MARGIN * self.driver.request.tolerance;
            let relative: Vec<f64> = lengths.iter().map(|&l| self.driver.relative(&self.counted, l)).collect();
            let wanted = self.wanted();
            let worst = wanted.iter().map(|&c| relative[c]).fold(0.0f64, f64::max);
            let converged = wanted.iter().filter(|&&c| relative[c] <= tolerance).count();
            idle = if worst < 0.9 * best { 0 } else { idle + 1 };
            best = best.min(worst);
            let spans = self.x.columns() == dimension;
            if converged == wanted.len() || idle >= MOST_IDLE || spans {
                let candidates = self.candidates(&lengths)?;
                self.driver.accept(&mut self.counted, candidates)?;
                if spans {
                    return Err(Halt::Stop(StopReason::SpaceExhausted));
                }
                idle = 0;
            }
            self.driver.restarted(&mut self.counted, converged, worst)?;

            // Guards are filtered along; of the wanted ones those that are not done.
            let active: Vec<usize> =
                (0..self.x.columns()).filter(|c| relative[*c] > tolerance && lengths[*c] > 0.0).collect();
            if active.is_empty() {
                // Invariant, and yet not accepted: only chance leads out of it.
                return Err(Halt::Stop(StopReason::Stagnated));
            }
            let interval = self.interval();
            let degree = wanted
                .iter()
                .filter(|&&c| relative[c] > tolerance)
                .map(|&c| interval.degree(self.values[c], 10.0 * relative[c] / tolerance))
                .max()
                .unwrap_or(2)
                .min(self.degree);
            let space = self.counted.space;
            let (mut vectors, mut along) = (space.zeros(active.len())?, space.zeros(active.len())?);
            for (to, &from) in active.iter().enumerate() {
                space.copy(self.x.view(from..from + 1), vectors.view_mut(to..to + 1))?;
                space.copy(residuals.view(from..from + 1), along.view_mut(to..to + 1))?;
            }
            let values: Vec<f64> = active.iter().map(|&c| self.values[c]).collect();
            filter(&mut self.driver, &mut self.counted, &mut vectors, &along, &values, interval, degree)?;

            // Those that are done come first, so that they are disturbed least.
            let mut fresh = space.zeros(self.x.columns())?;
            let mut done = space.zeros(1)?;
            let mut count = 0;
            for column in (0..self.x.columns()).filter(|c| !active.contains(c)) {
                space.copy(self.x.view(column..column + 1), done.all_mut())?;
                count = extend(&mut self.counted, &mut fresh, count, &mut done, 0..1)?;
            }
            let filtered = vectors.columns();
            count = extend(&mut self.counted, &mut fresh, count, &mut vectors, 0..filtered)?;
            extend_at_random(&mut self.counted, &mut fresh, count, self.x.columns())?;
            // Kept until the products are there: an interruption must find pairs, not halves of them.
            let old = std::mem::replace(&mut self.x, fresh);
            if let Err(ended) = self.project() {
                self.x = old;
                return Err(ended);
            }
        }
    }
}
