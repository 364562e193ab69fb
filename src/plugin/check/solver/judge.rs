//! What is asked of an answer: it is right, or it does not claim to be.

use super::super::planted::Planted;
use super::super::{ensure, within};
use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenPair, EigenRequest, EigenResult, Start, StopReason};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::Precision;
use hesse_solver_tools::complete::validate;

/// An answer that is not wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything wanted, within the tolerance.
    Right,
    /// Not everything, and said so.
    Declined(String),
}

impl Outcome {
    /// For points at which declining is an answer: what to note.
    pub fn note(self) -> Option<String> {
        match self {
            Outcome::Right => None,
            Outcome::Declined(why) => Some(format!("not converged, and said so: {why}")),
        }
    }

    /// For points at which it is not.
    pub fn required(self) -> Result<(), String> {
        match self {
            Outcome::Right => Ok(()),
            Outcome::Declined(why) => Err(format!("not converged: {why}")),
        }
    }

    /// Two outcomes as one.
    pub fn and(self, other: Outcome) -> Outcome {
        if self == Outcome::Right { other } else { self }
    }
}

pub(super) fn request(largest: usize, smallest: usize) -> EigenRequest {
    EigenRequest { largest, smallest, tolerance: 1e-6, max_products: 3000, seed: 1 }
}

/// A tolerance that the precision can reach.
pub(super) fn reachable(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-4,
        Precision::F64 => 1e-6,
    }
}

pub(super) fn solve(
    solver: &dyn EigenSolver,
    a: &dyn LinearOperator,
    request: &EigenRequest,
) -> Result<EigenResult, String> {
    solver.solve_from(a, request, Start::default(), &mut |_| Control::Continue).map_err(|error| error.to_string())
}

/// Solves a planted matrix and judges the answer.
pub(super) fn outcome(
    solver: &dyn EigenSolver,
    values: &[f64],
    precision: Precision,
    request: &EigenRequest,
) -> Result<Outcome, String> {
    let a = Planted::new(values.to_vec(), precision);
    judge(&a, request, &solve(solver, &a, request)?)
}

/// The same with the completeness probe, which is how repeated eigenvalues are found.
pub(super) fn probed(
    solver: &dyn EigenSolver,
    values: &[f64],
    precision: Precision,
    request: &EigenRequest,
) -> Result<Outcome, String> {
    let a = Planted::new(values.to_vec(), precision);
    let found = solve(solver, &a, request)?;
    let (found, verdict) =
        validate(solver, &a, request, found, &mut |_| Control::Continue).map_err(|error| error.to_string())?;
    match judge(&a, request, &found) {
        // A set that is wrong is one that the probe did not call complete.
        Err(why) if !verdict.confirmed && found.reason != StopReason::Refuted => Ok(Outcome::Declined(why)),
        other => other,
    }
}

/// Compares with the planted spectrum, and recomputes residuals and orthonormality.
pub(super) fn judge(a: &Planted, request: &EigenRequest, found: &EigenResult) -> Result<Outcome, String> {
    ensure(found.reason != StopReason::Refuted, || found.remarks.join("; "))?;
    let (largest, smallest) = (a.largest(request.largest), a.smallest(request.smallest));
    let counts = (found.largest.len(), found.smallest.len());
    ensure(counts.0 <= largest.len() && counts.1 <= smallest.len(), || {
        format!("expected {} and {} pairs, found {} and {}", largest.len(), smallest.len(), counts.0, counts.1)
    })?;
    let scale = a.norm().max(f64::MIN_POSITIVE);
    let pairs: Vec<&EigenPair> = found.largest.iter().chain(&found.smallest).collect();
    for pair in &pairs {
        ensure(pair.column < found.vectors.columns(), || format!("no column {}", pair.column))?;
        ensure(!pair.value.is_nan(), || "an eigenvalue is no number".into())?;
    }
    vectors_hold(a, request, found, &pairs, scale)?;

    let complete = counts == (largest.len(), smallest.len()) && pairs.iter().all(|p| p.converged);
    if !complete {
        ensure(found.reason != StopReason::Converged, || "says that it has converged, and has not all pairs".into())?;
        let worst = pairs.iter().fold(0.0f64, |m, p| m.max(p.residual));
        let (reason, count) = (found.reason, pairs.iter().filter(|p| p.converged).count());
        let wanted = largest.len() + smallest.len();
        return Ok(Outcome::Declined(format!("{reason}; {count} of {wanted} within the tolerance, worst {worst:.1e}")));
    }
    for (pair, exact) in pairs.iter().zip(largest.iter().chain(&smallest)) {
        // For a symmetric matrix a residual bounds the error of the value.
        within("error of an eigenvalue / ‖A‖", (pair.value - exact).abs() / scale, 2.0 * request.tolerance)?;
    }
    Ok(Outcome::Right)
}

/// Orthonormal vectors, and true residuals wherever they are claimed.
fn vectors_hold(
    a: &Planted,
    request: &EigenRequest,
    found: &EigenResult,
    pairs: &[&EigenPair],
    scale: f64,
) -> Result<(), String> {
    let e = |error: &dyn std::fmt::Display| error.to_string();
    let (space, count) = (a.space(), pairs.len());
    if count == 0 {
        return Ok(());
    }
    let mut v = space.zeros(count).map_err(|x| e(&x))?;
    for (to, pair) in pairs.iter().enumerate() {
        let from = found.vectors.view(pair.column..pair.column + 1);
        space.copy(from, v.view_mut(to..to + 1)).map_err(|x| e(&x))?;
    }
    let gram = space.gram(v.all(), v.all()).map_err(|x| e(&x))?;
    let mut worst: f64 = 0.0;
    for (at, g) in gram.iter().enumerate() {
        let identity = if at / count == at % count { 1.0 } else { 0.0 };
        worst = worst.max((g - identity).abs());
    }
    within("departure of the vectors from orthonormality", worst, 100.0 * space.precision().epsilon().sqrt())?;
    let mut r = space.zeros(count).map_err(|x| e(&x))?;
    a.apply(v.all(), r.all_mut()).map_err(|x| e(&x))?;
    for (i, pair) in pairs.iter().enumerate().filter(|(_, p)| p.converged) {
        let minus = [-pair.value];
        space.combine(r.view_mut(i..i + 1), 1.0, v.view(i..i + 1), &minus).map_err(|x| e(&x))?;
        let square = space.gram(r.view(i..i + 1), r.view(i..i + 1)).map_err(|x| e(&x))?;
        let residual = square.first().copied().unwrap_or(f64::NAN).sqrt() / scale;
        within("recomputed residual", residual, 1.5 * request.tolerance)?;
    }
    Ok(())
}
