//! The paper's method, step by step, and what its rule lets through.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, StopReason};
use hesse_core::host::HostOperator;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;
use hesse_power_iteration::{PowerIteration, Stop};

fn solve(solver: PowerIteration, values: &[f64], request: &EigenRequest) -> EigenResult {
    let values = values.to_vec();
    let operator = HostOperator::new(values.len(), Precision::F64, move |x: &[f64]| {
        x.iter().zip(&values).map(|(x, d)| x * d).collect()
    });
    solver.solve(&operator, request, &mut |_| Control::Continue).unwrap()
}

fn request(largest: usize, smallest: usize) -> EigenRequest {
    EigenRequest { largest, smallest, tolerance: 1e-3, max_products: 5000, seed: 4 }
}

/// 20 · 0.8^j over a bulk.
fn decaying(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i < 10 { 20.0 * 0.8f64.powi(i as i32) } else { (i as f64 * 0.7).sin().abs() }).collect()
}

#[test]
fn the_first_pair_takes_the_products_that_the_published_loop_takes() {
    let values = decaying(400);
    // The loop of HessianFlow and PyHessian, with the mistake in its normalisation left out.
    let mut stream = Stream::new(4, Purpose::StartVector, 0);
    let mut v: Vec<f64> = (0..400).map(|_| stream.normal()).collect();
    let unit = |v: &mut [f64]| {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter_mut().for_each(|x| *x /= length);
    };
    let (mut last, mut products): (Option<f64>, usize) = (None, 0);
    let value = loop {
        unit(&mut v);
        let image: Vec<f64> = v.iter().zip(&values).map(|(x, d)| x * d).collect();
        products += 1;
        let value: f64 = v.iter().zip(&image).map(|(a, b)| a * b).sum();
        v = image;
        if last.is_some_and(|l| (l - value).abs() / l.abs() < 1e-3) {
            break value;
        }
        last = Some(value);
    };
    let found = solve(PowerIteration::default(), &values, &request(1, 0));
    // One more product measures the residual.
    assert_eq!(found.statistics.products, products + 1);
    // The vector returned is one step on from the quotient that stopped the loop.
    assert!((found.largest[0].value - value).abs() < 2e-3 * value, "{} {value}", found.largest[0].value);
}

#[test]
fn the_rule_stops_early_and_the_result_says_so() {
    let found = solve(PowerIteration::default(), &decaying(400), &request(5, 0));
    assert_ne!(found.reason, StopReason::Converged);
    assert!(found.largest.iter().all(|p| p.converged == (p.residual <= 1e-3)));
    assert!(found.largest.iter().any(|p| !p.converged && p.residual > 5e-3), "{:?}", found.largest);
    assert!(found.remarks.iter().any(|r| r.contains("stopping rule")), "{:?}", found.remarks);
}

#[test]
fn two_ends_of_one_modulus_are_not_told_apart_and_not_claimed() {
    let mut values = decaying(200);
    values[0] = 5.0;
    values[1] = -5.0;
    (2..200).for_each(|i| values[i] = (i as f64).sin());
    let found = solve(PowerIteration::default(), &values, &request(1, 0));
    assert!(found.largest.iter().all(|p| !p.converged));
    assert_ne!(found.reason, StopReason::Converged);
}

#[test]
fn with_its_residual_as_the_rule_it_is_right_and_slow() {
    let solver = PowerIteration { iterations: 2000, stop: Stop::Residual, ..PowerIteration::default() };
    let found = solve(solver, &decaying(400), &request(1, 0));
    assert_eq!(found.reason, StopReason::Converged);
    assert!((found.largest[0].value - 20.0).abs() < 1e-3, "{:?}", found.largest);
    assert!(found.statistics.products > 20, "{}", found.statistics.products);
}

#[test]
fn negative_pairs_come_in_between_and_go_to_the_smallest() {
    let mut values = vec![0.1; 60];
    (values[0], values[1], values[2], values[3]) = (8.0, -4.0, 2.0, -1.0);
    let solver = PowerIteration { change: 1e-9, iterations: 500, ..PowerIteration::default() };
    let found = solve(solver, &values, &request(2, 2));
    let all: Vec<f64> = found.largest.iter().chain(&found.smallest).map(|p| p.value).collect();
    for (value, exact) in all.iter().zip([8.0, 2.0, -4.0, -1.0]) {
        assert!((value - exact).abs() < 1e-4, "{all:?}");
    }
}
