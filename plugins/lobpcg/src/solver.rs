//! The iteration: residuals, orthogonalisation, products, Rayleigh–Ritz.

use crate::subspace::{Ends, Subspace};
use hesse_core::eigen::{
    Abilities, Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StopReason,
};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{Block, norms};
use hesse_solver_tools::counted::Counted;
use hesse_solver_tools::driver::{Driver, Halt, MARGIN};
use hesse_solver_tools::measured::Candidates;
use hesse_solver_tools::orthogonal::{extend, extend_at_random};
use std::convert::Infallible;

/// Iterations between two products of X itself: what is combined from earlier products drifts by an epsilon each time.
const REFRESH: usize = 32;

/// Iterations without a better residual after which an acceptance is tried, and the third of these ends the run.
const MOST_IDLE: usize = 40;

/// LOBPCG with an orthonormal basis.
///
/// Memory: ten blocks of k + guard vectors. Products per iteration: one for each pair that is not within the tolerance, and
/// for the guards of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lobpcg {
    /// Vectors iterated beyond the wanted ones at each end.
    pub guard: usize,
}

impl Default for Lobpcg {
    fn default() -> Self {
        Lobpcg { guard: 2 }
    }
}

impl EigenSolver for Lobpcg {
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
        let initial = start.anew("lobpcg, which cannot")?;
        let driver = Driver::new(operator, request, observe)?;
        let ends = self.ends(request, operator.dimension());
        let counted = Counted::new(operator, request.seed);
        let subspace = Subspace::new(&counted, ends.count())?;
        let mut run = Run { driver, counted, subspace, ends };
        let Err(ended) = run.begin(initial).and_then(|()| run.iterate());
        let last = match &ended {
            Halt::Failed(_) => None,
            Halt::Stop(_) if run.subspace.x == 0 || run.subspace.values.len() < run.subspace.x => None,
            Halt::Stop(_) => {
                let lengths = run.residuals()?.1;
                Some(run.candidates(&lengths)?)
            }
        };
        run.driver.finish(run.counted, ended, last)
    }
}

impl Lobpcg {
    fn ends(&self, request: &EigenRequest, dimension: usize) -> Ends {
        let mut ends = Ends { largest: request.largest, smallest: request.smallest };
        let mut room = dimension - ends.count();
        for end in [&mut ends.largest, &mut ends.smallest] {
            if *end > 0 {
                let guard = self.guard.min(room);
                *end += guard;
                room -= guard;
            }
        }
        ends
    }
}

struct Run<'a> {
    driver: Driver<'a>,
    counted: Counted<'a>,
    subspace: Subspace,
    ends: Ends,
}

impl Run<'_> {
    /// X from the initial vectors, filled up at random, and its products.
    fn begin(&mut self, initial: Option<hesse_core::vectors::View<'_>>) -> Result<(), Halt> {
        let width = self.ends.count();
        let mut count = 0;
        if let Some(initial) = initial {
            let mut from = self.counted.space.zeros(initial.len())?;
            let given = initial.len();
            self.counted.space.copy(initial, from.all_mut())?;
            let most = given.min(width);
            count = extend(&mut self.counted, &mut self.subspace.basis, 0, &mut from, 0..most)?;
        }
        count = extend_at_random(&mut self.counted, &mut self.subspace.basis, count, width)?;
        self.multiply_x(count)
    }

    /// Products of the first `count` columns, which become X.
    fn multiply_x(&mut self, count: usize) -> Result<(), Halt> {
        // A budget that is less than a block still finds something.
        let count = count.min(self.driver.left(&self.counted).max(1));
        let Subspace { basis, images, .. } = &mut self.subspace;
        self.driver.apply(&mut self.counted, basis.view(0..count), images.view_mut(0..count))?;
        (self.subspace.x, self.subspace.p, self.subspace.size) = (0, 0, count);
        Ok(self.subspace.contract(&mut self.counted, self.ends)?)
    }

    /// AX − XΘ and the lengths of its columns.
    fn residuals(&self) -> Result<(Block, Vec<f64>), SolverError> {
        let (space, x) = (self.counted.space, self.subspace.x);
        let mut r = space.zeros(x)?;
        space.copy(self.subspace.images.view(0..x), r.all_mut())?;
        for (column, value) in self.subspace.values.iter().enumerate() {
            let from = self.subspace.basis.view(column..column + 1);
            space.combine(r.view_mut(column..column + 1), 1.0, from, &[-value])?;
        }
        let lengths = norms(space, r.all())?;
        Ok((r, lengths))
    }

    /// How many of X are of the upper end.
    fn upper(&self) -> usize {
        self.ends.largest.min(self.subspace.x)
    }

    /// Columns of X that are wanted, without the guards; and how many of them are largest ones.
    fn wanted(&self) -> (Vec<usize>, usize) {
        let (request, upper, x) = (self.driver.request, self.upper(), self.subspace.x);
        let largest = request.largest.min(upper);
        let smallest = request.smallest.min(x - upper);
        ((0..largest).chain(upper..upper + smallest).collect(), largest)
    }

    fn candidates(&self, lengths: &[f64]) -> Result<Candidates, SolverError> {
        let (columns, largest) = self.wanted();
        let mut vectors = self.counted.space.zeros(columns.len())?;
        for (to, &from) in columns.iter().enumerate() {
            self.counted.space.copy(self.subspace.basis.view(from..from + 1), vectors.view_mut(to..to + 1))?;
        }
        let pick = |all: &[f64]| columns.iter().filter_map(|&c| all.get(c).copied()).collect();
        Ok(Candidates { vectors, values: pick(&self.subspace.values), lengths: pick(lengths), largest })
    }

    fn iterate(&mut self) -> Result<Infallible, Halt> {
        let (mut idle, mut since) = (0, 0);
        let mut best = f64::INFINITY;
        loop {
            let (mut residuals, lengths) = self.residuals()?;
            let tolerance = MARGIN * self.driver.request.tolerance;
            let relative: Vec<f64> = lengths.iter().map(|&l| self.driver.relative(&self.counted, l)).collect();
            let within = |c: usize| relative[c] <= tolerance;
            let (wanted, largest) = self.wanted();
            let open = |columns: &[usize]| columns.iter().filter(|&&c| !within(c)).count();
            let (above, below) = (open(&wanted[..largest]), open(&wanted[largest..]));
            let worst = wanted.iter().map(|&c| relative[c]).fold(0.0f64, f64::max);
            idle = if worst < 0.9 * best { 0 } else { idle + 1 };
            best = best.min(worst);
            let whole = wanted.len() == self.driver.wanted();
            let spans = self.subspace.x == self.counted.space.dimension();
            if (whole && above + below == 0) || idle >= MOST_IDLE || spans {
                let candidates = self.candidates(&lengths)?;
                self.driver.accept(&mut self.counted, candidates)?;
                if spans {
                    return Err(Halt::Stop(StopReason::SpaceExhausted));
                }
                (idle, since) = (0, REFRESH);
            }
            if since >= REFRESH {
                let converged = wanted.len() - above - below;
                self.driver.restarted(&mut self.counted, converged, worst)?;
                self.refresh()?;
                since = 0;
                continue;
            }
            // The guards of an end go on as long as one of its wanted pairs does.
            let upper = self.upper();
            let active: Vec<usize> = (0..self.subspace.x)
                .filter(|&c| if c < upper { (above > 0 || below == 0) && !within(c) } else { below > 0 && !within(c) })
                .collect();
            let before = self.subspace.size;
            let mut size = before;
            for &column in &active {
                size = extend(&mut self.counted, &mut self.subspace.basis, size, &mut residuals, column..column + 1)?;
            }
            if size == before {
                // The residuals lie in the span already: it is invariant, and only chance leads out of it.
                let width = self.subspace.basis.columns().min(before + self.ends.count().max(1));
                size = extend_at_random(&mut self.counted, &mut self.subspace.basis, before, width)?;
                if size == before {
                    let candidates = self.candidates(&lengths)?;
                    self.driver.accept(&mut self.counted, candidates)?;
                    return Err(Halt::Stop(StopReason::SpaceExhausted));
                }
                idle += 1;
            }
            let Subspace { basis, images, .. } = &mut self.subspace;
            self.driver.apply(&mut self.counted, basis.view(before..size), images.view_mut(before..size))?;
            self.subspace.size = size;
            self.subspace.contract(&mut self.counted, self.ends)?;
            since += 1;
        }
    }

    /// X orthonormal to the last bit, with products of its own; no P.
    fn refresh(&mut self) -> Result<(), Halt> {
        let (space, width) = (self.counted.space, self.ends.count());
        let x = self.subspace.x;
        let mut old = space.zeros(x)?;
        space.copy(self.subspace.basis.view(0..x), old.all_mut())?;
        let mut count = extend(&mut self.counted, &mut self.subspace.basis, 0, &mut old, 0..x)?;
        count = extend_at_random(&mut self.counted, &mut self.subspace.basis, count, width)?;
        self.multiply_x(count)
    }
}
