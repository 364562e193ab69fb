//! One pair after another, by products with the projected last vector.

use hesse_core::eigen::{Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, StopReason};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{Block, norms};
use hesse_solver_tools::counted::Counted;
use hesse_solver_tools::driver::{Driver, Halt};
use hesse_solver_tools::measured::Candidates;
use hesse_solver_tools::orthogonal::orthogonalize;

/// When a pair is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// When its Rayleigh quotient hardly changes: the paper's rule.
    Change,
    /// When its residual in the complement of the pairs before is within the tolerance.
    Residual,
}

/// Deflated power iteration. Memory: two vectors and the pairs found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerIteration {
    /// The most products for each pair.
    pub iterations: usize,
    /// The relative change of the Rayleigh quotient at which a pair is done.
    pub change: f64,
    /// Which rule.
    pub stop: Stop,
}

impl Default for PowerIteration {
    fn default() -> Self {
        PowerIteration { iterations: 100, change: 1e-3, stop: Stop::Change }
    }
}

/// The pairs found so far, in the order in which they were found.
struct Found {
    /// Orthonormal columns.
    vectors: Block,
    values: Vec<f64>,
    lengths: Vec<f64>,
    /// Pairs that ended with their iterations and not by the rule.
    exhausted: usize,
}

impl Found {
    /// Whether the wanted ones are among them. Zeros are on both sides: once the modulus has fallen to rounding, nothing
    /// but zeros is left.
    fn suffices(&self, request: &EigenRequest, zero: f64, dimension: usize) -> bool {
        let above = self.values.iter().filter(|&&v| v > zero).count();
        let below = self.values.iter().filter(|&&v| v < -zero).count();
        let missing = request.largest.saturating_sub(above) + request.smallest.saturating_sub(below);
        missing <= self.values.len() - above - below || self.values.len() == dimension
    }

    /// Columns of the wanted ones: the largest falling, then the smallest rising, and how many largest there are.
    fn wanted(&self, request: &EigenRequest, zero: f64, dimension: usize) -> (Vec<usize>, usize) {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_by(|&a, &b| self.values[b].total_cmp(&self.values[a]));
        let all = self.values.len() == dimension;
        let top: Vec<usize> =
            order.iter().copied().filter(|&i| all || self.values[i] >= -zero).take(request.largest).collect();
        let bottom = order.iter().rev().copied().filter(|&i| all || self.values[i] <= zero);
        let bottom: Vec<usize> = bottom.filter(|i| !top.contains(i)).take(request.smallest).collect();
        let largest = top.len();
        (top.into_iter().chain(bottom).collect(), largest)
    }
}

impl EigenSolver for PowerIteration {
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        let mut driver = Driver::new(operator, request, observe)?;
        let mut counted = Counted::new(operator, request.seed);
        let (space, dimension) = (counted.space, operator.dimension());
        // Pairs of the other sign come in between; more than this many are a sign that the wanted ones are far inside.
        let room = (2 * driver.wanted() + 8).min(dimension);
        let mut found = Found { vectors: space.zeros(room)?, values: Vec::new(), lengths: Vec::new(), exhausted: 0 };
        let mut ended = Halt::Stop(StopReason::Stagnated);
        let zero = |counted: &Counted<'_>| 64.0 * counted.epsilon() * counted.norm;
        while found.values.len() < room && !found.suffices(request, zero(&counted), dimension) {
            match self.pair(&mut driver, &mut counted, &mut found) {
                Ok(true) => {}
                Ok(false) => {
                    ended = Halt::Stop(StopReason::SpaceExhausted);
                    break;
                }
                Err(halt) => {
                    ended = halt;
                    break;
                }
            }
        }
        let exhausted = found.exhausted;
        let (columns, largest) = found.wanted(request, zero(&counted), dimension);
        let mut vectors = space.zeros(columns.len())?;
        for (to, &from) in columns.iter().enumerate() {
            space.copy(found.vectors.view(from..from + 1), vectors.view_mut(to..to + 1))?;
        }
        let candidates = Candidates {
            vectors,
            values: columns.iter().map(|&c| found.values[c]).collect(),
            lengths: columns.iter().map(|&c| found.lengths[c]).collect(),
            largest,
        };
        let complete = columns.len() == driver.wanted();
        // One acceptance: the method has no way to improve what its rule has let through.
        let halt = match ended {
            Halt::Stop(StopReason::Stagnated | StopReason::SpaceExhausted) if complete => {
                Halt::Stop(StopReason::Converged)
            }
            other => other,
        };
        let wanted = driver.wanted();
        let mut result = driver.finish(counted, halt, Some(candidates))?;
        self.remark(&mut result, request, wanted, exhausted);
        Ok(result)
    }
}

impl PowerIteration {
    /// Finds one more pair; false where nothing is left to start from.
    fn pair(&self, driver: &mut Driver<'_>, counted: &mut Counted<'_>, found: &mut Found) -> Result<bool, Halt> {
        let space = counted.space;
        let count = found.values.len();
        let (mut v, mut image) = (space.zeros(1)?, space.zeros(1)?);
        counted.draw(&mut v, 0)?;
        let rest = orthogonalize(counted, &found.vectors, count, &mut v, 0, 1.0)?;
        if !rest.is_direction() {
            return Ok(false);
        }
        space.scale(v.all_mut(), &[1.0 / rest.norm])?;
        let mut last: Option<f64> = None;
        let (mut value, mut length) = (0.0, f64::INFINITY);
        let mut done = false;
        for _ in 0..self.iterations {
            driver.apply(counted, v.all(), image.all_mut())?;
            value = space.gram(v.all(), image.all())?.first().copied().unwrap_or(f64::NAN);
            counted.observe_values(&[value]);
            // The residual in the complement of the pairs before.
            let rest = orthogonalize(counted, &found.vectors, count, &mut image, 0, 0.0)?;
            length = (rest.norm * rest.norm - value * value).max(0.0).sqrt();
            done = match self.stop {
                Stop::Change => last.is_some_and(|last| (last - value).abs() <= self.change * last.abs()),
                Stop::Residual => driver.relative(counted, length) <= 0.9 * driver.request.tolerance,
            };
            // Nothing comes back: the rest of the operator is zero.
            let nothing = rest.norm <= 64.0 * counted.epsilon() * counted.norm;
            if nothing {
                value = if counted.norm > 0.0 { value } else { 0.0 };
            }
            if (done && self.stop == Stop::Residual) || nothing {
                done = true;
                break;
            }
            space.copy(image.all(), v.all_mut())?;
            space.scale(v.all_mut(), &[1.0 / rest.norm])?;
            if done {
                break;
            }
            last = Some(value);
        }
        // What is returned is orthogonal to the pairs before, unlike the iterate.
        let rest = orthogonalize(counted, &found.vectors, count, &mut v, 0, 1.0)?;
        if !rest.is_direction() {
            return Ok(false);
        }
        let left = norms(space, v.all())?.first().copied().unwrap_or(1.0);
        space.scale(v.all_mut(), &[1.0 / left])?;
        space.copy(v.all(), found.vectors.view_mut(count..count + 1))?;
        found.values.push(value);
        found.lengths.push(length);
        found.exhausted += usize::from(!done);
        let converged =
            found.lengths.iter().filter(|&&l| driver.relative(counted, l) <= driver.request.tolerance).count();
        driver.restarted(counted, converged, driver.relative(counted, length))?;
        Ok(true)
    }

    /// Says what the rule has let through.
    fn remark(&self, result: &mut EigenResult, request: &EigenRequest, wanted: usize, exhausted: usize) {
        let pairs = || result.largest.iter().chain(&result.smallest);
        let worst = pairs().filter(|p| !p.converged).fold(0.0f64, |m, p| m.max(p.residual));
        let outside = pairs().filter(|p| !p.converged).count();
        let (returned, interrupted) = (pairs().count(), result.reason == StopReason::Interrupted);
        if outside > 0 && self.stop == Stop::Change && !interrupted {
            result.remarks.push(format!(
                "power iteration: {outside} of {returned} eigenpairs met its stopping rule (a change below {:e}) or its \
                 limit with a residual above {:e}, the worst {worst:.1e}",
                self.change, request.tolerance
            ));
        }
        if exhausted > 0 {
            result.remarks.push(format!(
                "power iteration: {exhausted} eigenpairs ended after {} products without meeting the stopping rule",
                self.iterations
            ));
        }
        if returned < wanted && !interrupted {
            result.remarks.push(format!(
                "power iteration: {} of {wanted} eigenpairs were not found; it finds them in the order of |λ|",
                wanted - returned
            ));
        }
    }
}
