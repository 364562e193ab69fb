//! What the solver says when things go wrong.

use crate::planted::{PLAIN, PROBING, Planted, honest, pm, request, sep, solve, tight, verified};
use hesse_core::LinearOperator;
use hesse_core::eigen::{Control, EigenRequest, EigenSolver, SolverError, SolverEvent, StopReason};
use hesse_core::host::HostOperator;
use hesse_core::operator::OperatorError;
use hesse_core::vectors::{Precision, VectorSpace, View, ViewMut};
use hesse_lanczos::Lanczos;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_spent_budget_is_kept_and_admitted() {
    let planted = tight(2000);
    for max_products in [1, 2, 5, 10, 15, 20, 24, 25, 30] {
        let ask = EigenRequest { max_products, ..request(10, 0, 1e-10) };
        let result = solve(PLAIN, &planted.operator(), &ask).unwrap();
        assert_eq!(result.reason, StopReason::ProductLimit);
        assert!(result.statistics.products <= max_products, "{} of {max_products}", result.statistics.products);
        assert!(!result.largest.is_empty() && result.largest.iter().any(|p| !p.converged));
        assert!(result.largest.iter().all(|p| p.converged == (p.residual <= 1e-10)));
        honest(&planted, &result);
    }
}

#[test]
fn a_small_budget_still_gives_the_best_pairs_of_both_ends() {
    let planted = pm(2000);
    let ask = EigenRequest { max_products: 4, ..request(5, 5, 1e-3) };
    let result = solve(PLAIN, &planted.operator(), &ask).unwrap();
    assert_eq!((result.largest.len(), result.smallest.len(), result.statistics.products), (1, 1, 4));
    honest(&planted, &result);
}

#[test]
fn the_observer_stops_it_within_one_product() {
    let planted = sep(500);
    for stop_at in [1, 3, 17] {
        let mut seen = 0;
        let result = PLAIN
            .solve(&planted.operator(), &request(10, 0, 1e-13), &mut |event| match event {
                SolverEvent::Step { products } if products >= stop_at => {
                    seen += 1;
                    Control::Stop
                }
                _ => Control::Continue,
            })
            .unwrap();
        assert_eq!((result.reason, seen), (StopReason::Interrupted, 1));
        assert_eq!(result.statistics.products, stop_at);
        assert!(!result.largest.is_empty() && result.largest.iter().all(|p| !p.converged));
    }
}

#[test]
fn restarts_are_told_and_may_stop_it() {
    let planted = Planted::new(&(1..=200).map(f64::from).collect::<Vec<_>>());
    let mut told = Vec::new();
    let result = PLAIN
        .solve(&planted.operator(), &request(3, 0, 1e-8), &mut |event| {
            if let SolverEvent::Restart { worst_residual, .. } = event {
                told.push(worst_residual);
            }
            if told.len() == 3 { Control::Stop } else { Control::Continue }
        })
        .unwrap();
    assert_eq!((result.reason, result.statistics.restarts), (StopReason::Interrupted, 2));
    assert!(told[2] < told[0], "{told:?}");
}

#[test]
fn a_product_that_is_not_finite_is_named() {
    for (bad, value) in [(1, f64::NAN), (4, f64::INFINITY), (13, f64::NAN), (14, f64::NAN), (16, f64::NAN)] {
        let planted = sep(300);
        let count = AtomicUsize::new(0);
        let operator = HostOperator::new(300, Precision::F64, |x: &[f64]| {
            let mut y = planted.multiply(x);
            if count.fetch_add(1, Ordering::Relaxed) + 1 == bad {
                y[7] = value;
            }
            y
        });
        // Thirteen products of the sweep, then three that confirm it.
        match solve(PLAIN, &operator, &request(5, 0, 1e-3)) {
            Err(SolverError::NotFinite { product }) => assert_eq!(product, bad),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_operator_that_is_not_symmetric_ends_in_an_honest_answer() {
    let planted = sep(200);
    for twist in [1e-3, 1.0, 100.0] {
        let operator = HostOperator::new(200, Precision::F64, |x: &[f64]| {
            let mut y = planted.multiply(x);
            (0..200).for_each(|i| y[i] += twist * x[(i + 1) % 200] * ((i % 5) as f64 - 1.0));
            y
        });
        for solver in [PLAIN, PROBING] {
            let ask = EigenRequest { max_products: 400, ..request(5, 2, 1e-6) };
            let result = solve(solver, &operator, &ask).unwrap();
            println!("twist {twist}: {} after {}", result.reason, result.statistics.products);
            assert_ne!(result.reason, StopReason::Converged);
            assert!(result.statistics.products <= 400);
            assert!(result.largest.iter().any(|p| !p.converged && p.residual > 1e-6));
        }
    }
}

#[test]
fn an_operator_that_changes_between_products_ends_in_an_honest_answer() {
    let planted = sep(200);
    let count = AtomicUsize::new(0);
    let operator = HostOperator::new(200, Precision::F64, |x: &[f64]| {
        let factor = 1.0 + 1e-3 * (count.fetch_add(1, Ordering::Relaxed) % 7) as f64;
        planted.multiply(x).iter().map(|v| v * factor).collect()
    });
    let ask = EigenRequest { max_products: 600, ..request(5, 0, 1e-6) };
    let result = solve(PLAIN, &operator, &ask).unwrap();
    println!("changing operator: {} after {}", result.reason, result.statistics.products);
    assert_ne!(result.reason, StopReason::Converged);
}

#[test]
fn a_tolerance_below_the_rounding_is_given_up_early() {
    for planted in [sep(2000), tight(2000), pm(2000)] {
        let planted = planted.precision(Precision::F32);
        let ask = request(5, 0, 1e-12);
        let result = solve(PLAIN, &planted.operator(), &ask).unwrap();
        println!("{} after {} products", result.reason, result.statistics.products);
        assert_eq!(result.reason, StopReason::Stagnated);
        assert!(result.statistics.products < 200);
        assert!(result.largest.iter().all(|p| p.residual < 1e-5));
        honest(&planted, &result);
    }
}

#[test]
fn a_tolerance_near_the_rounding_is_reached() {
    for planted in [sep(2000), tight(2000), pm(2000)] {
        let s = verified(PLAIN, &planted.precision(Precision::F32), &request(5, 0, 2e-6)).statistics;
        println!("near the rounding: {} products, {} restarts", s.products, s.restarts);
    }
}

#[test]
fn senseless_requests_are_refused() {
    let planted = sep(50);
    let refused = |solver: Lanczos, ask: EigenRequest| {
        solve(solver, &planted.operator(), &ask).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert!(refused(PLAIN, request(0, 0, 1e-3)).starts_with("number of eigenvalues"));
    assert!(refused(PLAIN, request(40, 11, 1e-3)).starts_with("number of eigenvalues"));
    assert!(refused(PLAIN, request(1, 0, f64::NAN)).starts_with("tolerance"));
    let small = Lanczos { basis: Some(5), block: 1, probe: false, each: false };
    assert_eq!(refused(small, request(5, 0, 1e-3)), "basis: expected at least 7 vectors for 5 eigenvalues, found 5");
}

/// Interrupts itself at one of its calls.
struct Impatient<'a> {
    operator: &'a dyn LinearOperator,
    calls: AtomicUsize,
    last: usize,
}

impl LinearOperator for Impatient<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.operator.space()
    }
    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        match self.calls.fetch_add(1, Ordering::Relaxed) < self.last {
            true => self.operator.apply(x, y),
            false => Err(OperatorError::Interrupted),
        }
    }
}

#[test]
fn an_interrupted_product_still_gives_what_was_found() {
    let planted = sep(300);
    let operator = planted.operator();
    // The fourteenth call is the acceptance; with a smaller budget it is the seventh, and the last one.
    for (last, max_products) in [(1, 100), (5, 100), (13, 100), (6, 11)] {
        let impatient = Impatient { operator: &operator, calls: AtomicUsize::new(0), last };
        let ask = EigenRequest { max_products, ..request(5, 0, 1e-3) };
        let result = solve(PLAIN, &impatient, &ask).unwrap();
        assert_eq!((result.reason, result.statistics.products), (StopReason::Interrupted, last));
        assert_eq!(result.largest.len(), last.min(5));
        assert!(result.largest.iter().all(|p| !p.converged));
    }
    let impatient = Impatient { operator: &operator, calls: AtomicUsize::new(0), last: 0 };
    assert!(matches!(
        solve(PLAIN, &impatient, &request(5, 0, 1e-3)),
        Err(SolverError::Operator(OperatorError::Interrupted))
    ));
}
