//! Whether a set of eigenpairs is all of them, and going on from pairs that are known.
//!
//! A Krylov space sees one vector of each eigenspace of its start, and every method can settle on a wrong set in which each
//! pair is right (ARPACK returned two of a triple within 7e-5 as converged: scipy issue 26112). No residual shows that. So
//! the same solver is sent once more from a random start into the orthogonal complement of what was found, for one pair at
//! each wanted end (McCombs & Stathopoulos, *Iterative validation of eigensolvers*, SIAM J. Sci. Comput. 28, 2006). If that
//! pair lies beyond the last wanted one by more than the tolerance, it was missed: it takes its place, and the
//! question is asked again, until nothing turns up.
//!
//! The complement is [`Constrained`], so any solver can be asked. Vectors that are only right to the tolerance leave a little
//! of themselves in the complement, and what is found there inherits it; a Rayleigh–Ritz step over old and new vectors
//! together, with fresh products, takes that out again.

use crate::counted::{Counted, require_finite};
use crate::measured::relative;
use crate::orthogonal::extend;
use crate::projected::Projected;
use hesse_core::eigen::{
    Constrained, Control, EigenPair, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, StopReason,
};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{VectorError, norms};

/// What a completeness probe came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completeness {
    /// Whether the last run into the complement found nothing that had been missed, and had converged.
    pub confirmed: bool,
    /// Pairs that had been missed, and are in the result now.
    pub missed: usize,
    /// Runs into the complement.
    pub probes: usize,
    /// Products spent on all of it, fresh products of the merged pairs included.
    pub products: usize,
}

/// Looks for pairs that `result` should hold and does not, and puts them in. The products count towards the budget of the
/// request and are added to the bookkeeping of the result.
///
/// # Errors
/// Where a run of the solver fails.
pub fn validate(
    solver: &dyn EigenSolver,
    operator: &dyn LinearOperator,
    request: &EigenRequest,
    mut result: EigenResult,
    observe: &mut dyn FnMut(SolverEvent) -> Control,
) -> Result<(EigenResult, Completeness), SolverError> {
    let mut verdict = Completeness { confirmed: false, missed: 0, probes: 0, products: 0 };
    // What a set of pairs leaves out of the whole space cannot be asked for.
    while result.reason != StopReason::Interrupted {
        let room = operator.dimension() - result.vectors.columns().min(operator.dimension());
        if room == 0 {
            verdict.confirmed = true;
            break;
        }
        let left = request.max_products.saturating_sub(result.statistics.products);
        let largest = request.largest.min(1);
        let smallest = request.smallest.min(1).min(room - largest.min(room));
        if left < 2 * (largest + smallest) {
            break;
        }
        verdict.probes += 1;
        let ask = EigenRequest {
            largest: largest.min(room),
            smallest,
            max_products: left,
            // A start of its own: the same one would be blind to the same vectors.
            seed: request.seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(verdict.probes as u64)),
            ..request.clone()
        };
        let constrained = Constrained::new(operator, result.vectors.all())?;
        let before = result.statistics.products;
        let probe = solver.solve(&constrained, &ask, &mut shifted(observe, before))?;
        result.statistics.products += probe.statistics.products;
        verdict.products += probe.statistics.products;
        if probe.reason == StopReason::Interrupted {
            result.reason = StopReason::Interrupted;
            break;
        }
        let scale = result.statistics.norm_estimate.max(probe.statistics.norm_estimate);
        let beyond = request.tolerance * scale;
        let missed = |found: Option<&EigenPair>, set: &[EigenPair], wanted: usize, sign: f64| match (found, set.last())
        {
            (Some(found), Some(last)) => set.len() < wanted || sign * (found.value - last.value) > beyond,
            (Some(_), None) => wanted > 0,
            (None, _) => false,
        };
        // A method that looks at the whole space finds the zeros that stand for the constraints, with a vector of nothing.
        let lengths = norms(operator.space(), probe.vectors.all())?;
        let real = |pair: &&EigenPair| lengths.get(pair.column).is_some_and(|l| *l > 0.5);
        let above = missed(probe.largest.first().filter(real), &result.largest, request.largest, 1.0);
        let below = missed(probe.smallest.first().filter(real), &result.smallest, request.smallest, -1.0);
        if !above && !below {
            verdict.confirmed = probe.largest.iter().chain(&probe.smallest).all(|p| p.converged)
                && probe.largest.len() + probe.smallest.len() == ask.largest + ask.smallest;
            break;
        }
        verdict.missed += usize::from(above) + usize::from(below);
        let spent = result.statistics.products;
        result = merge(operator, request, result, &probe, (above, below))?;
        verdict.products += result.statistics.products - spent;
    }
    if result.reason == StopReason::Interrupted {
        verdict.confirmed = false;
    }
    Ok((result, verdict))
}

/// Goes on from known pairs (PRIMME's locking): finds what `request` wants beyond them in their complement, and merges the
/// two. Of `known`, every pair that it holds is taken to be one of the wanted ones.
///
/// # Errors
/// Where more is known than wanted, or a run of the solver fails.
pub fn continue_from(
    solver: &dyn EigenSolver,
    operator: &dyn LinearOperator,
    request: &EigenRequest,
    known: EigenResult,
    observe: &mut dyn FnMut(SolverEvent) -> Control,
) -> Result<EigenResult, SolverError> {
    request.check(operator.dimension())?;
    let more = |what, wanted: usize, have: usize| match wanted.checked_sub(have) {
        Some(more) => Ok(more),
        None => Err(SolverError::Request {
            what,
            expected: format!("at least the {have} known ones"),
            found: wanted.to_string(),
        }),
    };
    let largest = more("number of largest eigenvalues", request.largest, known.largest.len())?;
    let smallest = more("number of smallest eigenvalues", request.smallest, known.smallest.len())?;
    if largest + smallest == 0 {
        return Ok(known);
    }
    let constrained = Constrained::new(operator, known.vectors.all())?;
    let ask = EigenRequest { largest, smallest, ..request.clone() };
    let mut found = solver.solve(&constrained, &ask, observe)?;
    let reason = found.reason;
    let (spent, known_statistics) = (found.statistics.products, known.statistics.clone());
    let mut base = known;
    base.statistics = std::mem::take(&mut found.statistics);
    base.statistics.norm_estimate = base.statistics.norm_estimate.max(known_statistics.norm_estimate);
    base.statistics.products = spent;
    base.reason = reason;
    base.remarks.append(&mut found.remarks);
    merge(operator, request, base, &found, (largest > 0, smallest > 0))
}

/// Events of a later run as those of one long run.
fn shifted<'a>(
    observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    before: usize,
) -> impl FnMut(SolverEvent) -> Control + 'a {
    move |event| {
        observe(match event {
            SolverEvent::Step { products } => SolverEvent::Step { products: before + products },
            SolverEvent::Restart { products, converged, worst_residual } => {
                SolverEvent::Restart { products: before + products, converged, worst_residual }
            }
            other => other,
        })
    }
}

/// Rayleigh–Ritz over the vectors of both results, with fresh products; the wanted ones of it.
fn merge(
    operator: &dyn LinearOperator,
    request: &EigenRequest,
    old: EigenResult,
    new: &EigenResult,
    (above, below): (bool, bool),
) -> Result<EigenResult, SolverError> {
    let mut counted = Counted::new(operator, request.seed);
    counted.statistics = old.statistics;
    counted.norm = counted.statistics.norm_estimate;
    let space = counted.space;
    let columns: Vec<usize> = (new.largest.iter().filter(|_| above).chain(new.smallest.iter().filter(|_| below)))
        .map(|p| p.column)
        .filter(|&c| c < new.vectors.columns())
        .collect();
    let mut basis = space.zeros(old.vectors.columns() + columns.len())?;
    let mut from = space.zeros(1)?;
    let mut count = 0;
    for (block, column) in
        (0..old.vectors.columns()).map(|c| (&old.vectors, c)).chain(columns.into_iter().map(|c| (&new.vectors, c)))
    {
        space.copy(block.view(column..column + 1), from.all_mut())?;
        count = extend(&mut counted, &mut basis, count, &mut from, 0..1)?;
    }
    // Fresh products of all, so that every residual is a recomputed one.
    let affordable = request.max_products.saturating_sub(counted.statistics.products) >= count;
    let mut images = space.zeros(count)?;
    let before = counted.statistics.products;
    counted.apply(basis.view(0..count), images.all_mut())?;
    let entries = space.gram(basis.view(0..count), images.all())?;
    require_finite(&entries, count, before)?;
    let ritz = Projected::symmetric(count, &entries).eigen(count)?;
    counted.observe_values(&ritz.values);
    // Pairs of the middle were never wanted: there, the span is no approximation of anything.
    let largest = (old.largest.len() + new.largest.len() * usize::from(above)).min(request.largest).min(count);
    let smallest =
        (old.smallest.len() + new.smallest.len() * usize::from(below)).min(request.smallest).min(count - largest);
    let indices: Vec<usize> = (0..largest).map(|i| count - 1 - i).chain(0..smallest).collect();
    let coefficients = ritz.columns(&indices);
    let mut vectors = space.zeros(indices.len())?;
    space.combine(vectors.all_mut(), 0.0, basis.view(0..count), &coefficients)?;
    let mut residuals = space.zeros(indices.len())?;
    space.combine(residuals.all_mut(), 0.0, images.all(), &coefficients)?;
    let values: Vec<f64> = indices.iter().filter_map(|&i| ritz.values.get(i).copied()).collect();
    subtract(space, &mut residuals, &vectors, &values)?;
    let lengths = norms(space, residuals.all())?;
    let scale = counted.statistics.norm_estimate;
    let mut pairs: Vec<EigenPair> = (0..values.len())
        .map(|column| {
            let residual = relative(lengths[column], scale);
            EigenPair { value: values[column], residual, converged: residual <= request.tolerance, column }
        })
        .collect();
    let smallest = pairs.split_off(largest);
    let whole = pairs.len() == request.largest && smallest.len() == request.smallest;
    let within = whole && pairs.iter().chain(&smallest).all(|p| p.converged);
    let reason = match old.reason {
        StopReason::Interrupted => StopReason::Interrupted,
        _ if within => StopReason::Converged,
        StopReason::Converged if !affordable => StopReason::ProductLimit,
        StopReason::Converged => StopReason::Stagnated,
        other => other,
    };
    Ok(EigenResult { largest: pairs, smallest, vectors, reason, statistics: counted.statistics, remarks: old.remarks })
}

/// `R ← R − V Λ`.
fn subtract(
    space: &dyn hesse_core::vectors::VectorSpace,
    residuals: &mut hesse_core::vectors::Block,
    vectors: &hesse_core::vectors::Block,
    values: &[f64],
) -> Result<(), VectorError> {
    for (column, value) in values.iter().enumerate() {
        let r = residuals.view_mut(column..column + 1);
        space.combine(r, 1.0, vectors.view(column..column + 1), &[-value])?;
    }
    Ok(())
}
