//! What a solver of another library returns is multiplied once more.
//!
//! A wrong eigenpair looks like any other number. So the residuals are recomputed here, by one block product, and what
//! was claimed only counts where it holds. That true pairs were returned but not the outermost ones cannot be seen from
//! the pairs; `hesse plugin check` looks for it on matrices whose spectrum is known.

use crate::eigen::{EigenPair, EigenRequest, EigenResult, SolverError, StopReason};
use crate::operator::LinearOperator;
use crate::plugin::guard::Foreign;

/// Checks a result against the operator. Costs one product per pair.
pub(super) fn verify(
    operator: &dyn LinearOperator,
    request: &EigenRequest,
    mut result: EigenResult,
) -> Result<EigenResult, SolverError> {
    let broken = |what: String| SolverError::Foreign(Foreign::failed(what));
    let space = operator.space();
    let n = operator.dimension();
    let count = result.largest.len() + result.smallest.len();
    if result.largest.len() > request.largest || result.smallest.len() > request.smallest {
        return Err(broken(format!(
            "the solver was asked for {} and {} pairs and returned {} and {}",
            request.largest,
            request.smallest,
            result.largest.len(),
            result.smallest.len()
        )));
    }
    if result.vectors.rows() != n {
        return Err(broken(format!("the solver returned vectors of length {} instead of {n}", result.vectors.rows())));
    }
    let (missing_largest, missing_smallest) =
        (request.largest - result.largest.len(), request.smallest - result.smallest.len());
    if missing_largest + missing_smallest > 0 {
        result.remarks.push(format!(
            "{} of {} wanted pairs were not returned",
            missing_largest + missing_smallest,
            request.largest + request.smallest
        ));
        if result.reason == StopReason::Converged {
            result.reason = StopReason::Refuted;
        }
    }
    if count == 0 {
        return Ok(result);
    }
    // The vectors in the order of the pairs, and their products.
    let mut v = space.zeros(count)?;
    let mut r = space.zeros(count)?;
    for (to, pair) in result.largest.iter().chain(&result.smallest).enumerate() {
        if pair.column >= result.vectors.columns() {
            let columns = result.vectors.columns();
            return Err(broken(format!("the solver named vector {} of {columns}", pair.column)));
        }
        space.copy(result.vectors.view(pair.column..pair.column + 1), v.view_mut(to..to + 1))?;
    }
    operator.apply(v.all(), r.all_mut())?;
    result.statistics.products += count;
    let values: Vec<f64> = result.largest.iter().chain(&result.smallest).map(|p| p.value).collect();
    let mut minus_lambda = vec![0.0; count * count];
    for (i, value) in values.iter().enumerate() {
        minus_lambda[i * count + i] = -value;
    }
    space.combine(r.all_mut(), 1.0, v.all(), &minus_lambda)?;
    let overlaps = space.gram(v.all(), v.all())?;
    let squares = space.gram(r.all(), r.all())?;
    let scale = values.iter().fold(0.0, |m: f64, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    let norm = |i: usize| overlaps[i * count + i].sqrt();
    let residual = |i: usize| squares[i * count + i].sqrt() / (scale * norm(i));

    let mut refuted = 0;
    let mut worst: (f64, f64) = (0.0, 0.0);
    let pairs: Vec<&mut EigenPair> = result.largest.iter_mut().chain(&mut result.smallest).collect();
    for (i, pair) in pairs.into_iter().enumerate() {
        let found = residual(i);
        if !found.is_finite() || !pair.value.is_finite() {
            return Err(broken(format!("eigenpair {i} of the solver is not finite, or its vector is zero")));
        }
        // Rounding may move a residual that just passed across the line.
        let holds = found <= request.tolerance * 1.01;
        if pair.converged && !holds {
            refuted += 1;
            if found > worst.1 {
                worst = (pair.residual, found);
            }
        }
        pair.residual = found;
        pair.converged = pair.converged && holds;
    }
    // Two vectors of one eigenvalue are two pairs only if they are not the same vector.
    let bound = space.precision().epsilon().sqrt();
    let mut repeated = 0;
    for j in 1..count {
        let overlap = (0..j).map(|i| (overlaps[j * count + i] / (norm(i) * norm(j))).abs()).fold(0.0, f64::max);
        if overlap > bound {
            repeated += 1;
            let split = result.largest.len();
            let pair = if j < split { result.largest.get_mut(j) } else { result.smallest.get_mut(j - split) };
            if let Some(pair) = pair {
                pair.converged = false;
            }
        }
    }
    if refuted > 0 {
        result.remarks.push(format!(
            "{refuted} of {count} eigenpairs are not what the solver claims: a residual given as {:.1e} is {:.1e}, \
             recomputed",
            worst.0, worst.1
        ));
    }
    if repeated > 0 {
        result.remarks.push(format!("{repeated} of {count} eigenvectors are not orthogonal to the ones before"));
    }
    if refuted + repeated > 0 {
        result.reason = StopReason::Refuted;
    }
    result.largest.sort_by(|a, b| b.value.total_cmp(&a.value));
    result.smallest.sort_by(|a, b| a.value.total_cmp(&b.value));
    Ok(result)
}
