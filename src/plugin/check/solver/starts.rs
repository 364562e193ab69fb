//! Constraints, known pairs, initial vectors, and states.

use super::judge::{judge, request, solve};
use crate::plugin::check::planted::{Planted, outliers};
use crate::plugin::check::{Verdict, ensure, within};
use hesse_core::EigenSolver;
use hesse_core::eigen::{
    Constrained, Control, EigenRequest, EigenResult, SolverError, SolverEvent, Start, StateKeeper, StopReason,
};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::Precision;
use hesse_solver_tools::complete::continue_from;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// All bits of an answer.
type Bits = (Vec<(u64, u64, bool)>, Vec<Vec<u64>>, StopReason, usize, usize);

fn bits(a: &Planted, found: &EigenResult) -> Result<Bits, String> {
    let pairs = found.largest.iter().chain(&found.smallest);
    let pairs = pairs.map(|p| (p.value.to_bits(), p.residual.to_bits(), p.converged)).collect();
    let vectors = (0..found.vectors.columns())
        .map(|c| Ok(a.space().read(&found.vectors, c).map_err(text)?.into_iter().map(f64::to_bits).collect()))
        .collect::<Result<_, String>>()?;
    Ok((pairs, vectors, found.reason, found.statistics.products, found.statistics.restarts))
}

/// Keeps the last state.
#[derive(Default)]
struct Last(Option<Vec<u8>>);

impl StateKeeper for Last {
    fn due(&mut self, _: usize) -> bool {
        false
    }
    fn keep(&mut self, state: &[u8]) {
        self.0 = Some(state.to_vec());
    }
}

pub(super) fn check(verdict: &mut Verdict, solver: &dyn EigenSolver) {
    verdict.noted("constraints are kept: what is found is orthogonal to them, and the next in line", || {
        constrained(solver)
    });
    verdict.noted("a run goes on from known pairs", || {
        let a = Planted::new(outliers(150), Precision::F64);
        let known = solve(solver, &a, &request(2, 0))?;
        if !known.largest.iter().all(|p| p.converged) {
            return Ok(Some("the pairs to go on from have not converged, and it said so".into()));
        }
        let ask = EigenRequest { tolerance: 1e-5, ..request(4, 1) };
        let found = continue_from(solver, &a, &ask, known, &mut |_| Control::Continue).map_err(text)?;
        Ok(judge(&a, &ask, &found)?.note())
    });
    verdict.noted("initial vectors are a hint: what they lack is found all the same", || {
        if !solver.abilities().warm_start {
            return Ok(Some("it makes no use of initial vectors".into()));
        }
        let a = Planted::new(outliers(150), Precision::F64);
        let ask = request(4, 1);
        let first = solve(solver, &a, &ask)?;
        let columns = first.vectors.columns();
        for range in [0..columns, 1..columns, 0..0] {
            let start = Start::from_vectors(first.vectors.view(range));
            let found = solver.solve_from(&a, &ask, start, &mut |_| Control::Continue).map_err(text)?;
            judge(&a, &ask, &found)?.required()?;
        }
        Ok(None)
    });
    verdict.noted("a run stopped after any product goes on to the same bits", || {
        if !solver.abilities().resume {
            return match solver.solve_from(
                &Planted::new(outliers(20), Precision::F64),
                &request(1, 0),
                Start { state: Some(b"anything"), ..Start::default() },
                &mut |_| Control::Continue,
            ) {
                Err(SolverError::State { .. } | SolverError::Foreign(_)) => {
                    Ok(Some("it cannot resume, and says so".into()))
                }
                Err(other) => Err(format!("found the error: {other}")),
                Ok(_) => Err("a state was accepted by a solver that cannot resume".into()),
            };
        }
        for precision in [Precision::F32, Precision::F64] {
            resumes(solver, precision)?;
        }
        Ok(None)
    });
}

fn constrained(solver: &dyn EigenSolver) -> Result<Option<String>, String> {
    let a = Planted::new(outliers(150), Precision::F64);
    let exact = solve(solver, &a, &EigenRequest { tolerance: 1e-9, ..request(2, 0) })?;
    if !exact.largest.iter().all(|p| p.converged) {
        return Ok(Some("the pairs to be orthogonal to have not converged, and it said so".into()));
    }
    let inside = Constrained::new(&a, exact.vectors.all()).map_err(text)?;
    let found = solve(solver, &inside, &request(2, 1))?;
    let overlaps = a.space().gram(exact.vectors.all(), found.vectors.all()).map_err(text)?;
    let worst = overlaps.iter().fold(0.0f64, |m, o| m.max(o.abs()));
    within("inner product with a constraint", worst, 1e-12)?;
    let all: Vec<_> = found.largest.iter().chain(&found.smallest).collect();
    for (pair, value) in all.iter().zip([5.0, 3.6, -4.0]).filter(|(pair, _)| pair.converged) {
        within("error of an eigenvalue", (pair.value - value).abs(), 1e-4)?;
    }
    let converged = all.len() == 3 && all.iter().all(|p| p.converged);
    Ok(if converged { None } else { Some("not converged, and said so".into()) })
}

fn resumes(solver: &dyn EigenSolver, precision: Precision) -> Result<(), String> {
    // Restarts are part of it: the bulk needs more than one basis.
    let a = Planted::new((0..120).map(|i| f64::from(i).sqrt() - 4.0).collect(), precision);
    let tolerance = if precision == Precision::F32 { 1e-4 } else { 1e-7 };
    let ask = EigenRequest { tolerance, ..request(2, 1) };
    let whole = solve(solver, &a, &ask)?;
    let reference = bits(&a, &whole)?;
    let products = whole.statistics.products;
    for stop in 1..products {
        let mut last = Last::default();
        let start = Start { keeper: Some(&mut last), ..Start::default() };
        let stopped = solver
            .solve_from(&a, &ask, start, &mut |event| match event {
                SolverEvent::Step { products } if products >= stop => Control::Stop,
                _ => Control::Continue,
            })
            .map_err(text)?;
        if stopped.reason != StopReason::Interrupted {
            // The last products are those of the acceptance, one block that tells of nothing.
            ensure(bits(&a, &stopped)? == reference, || format!("keeping states changes the result at {stop}"))?;
            continue;
        }
        let state = last.0.ok_or_else(|| format!("no state after {stop} products"))?;
        let start = Start { state: Some(&state), ..Start::default() };
        let found = solver.solve_from(&a, &ask, start, &mut |_| Control::Continue).map_err(text)?;
        ensure(bits(&a, &found)? == reference, || format!("stopped after {stop} of {products} products: other bits"))?;
    }
    let broken = Start { state: Some(b"no state"), ..Start::default() };
    ensure(solver.solve_from(&a, &ask, broken, &mut |_| Control::Continue).is_err(), || {
        "eight bytes of text were accepted as a state".into()
    })
}
