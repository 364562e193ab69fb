//! The error lies within the estimator's own 95 % bars in 95 ± 3 % of 400 repetitions.

use super::{request, run, with_known};
use hesse_core::estimate::{Goal, Quantity, TraceEstimate, TraceEstimator, TraceRequest};
use hesse_core::planted::{Planted, decaying, flat};
use hesse_core::vectors::Precision;
use hesse_trace::{HutchPlusPlus, Hutchinson, XTrace};

const REPETITIONS: usize = 400;

fn spectra() -> [(&'static str, Vec<f64>); 3] {
    [("indefinite", decaying(256, 1, true)), ("decaying", decaying(256, 1, false)), ("flat", flat(256, 1))]
}

/// The share of repetitions whose error is within the bars, and the mean error in standard errors.
fn coverage(truth: f64, estimate: impl Fn(u64) -> TraceEstimate) -> (f64, f64) {
    let (mut within, mut shift) = (0usize, 0.0);
    for seed in 0..REPETITIONS as u64 {
        let found = estimate(seed);
        within += usize::from((found.value - truth).abs() <= found.half_width);
        shift += (found.value - truth) / found.standard_error / REPETITIONS as f64;
    }
    (within as f64 / REPETITIONS as f64, shift)
}

fn holds(name: &str, share: f64) {
    println!("{name}: {share:.4}");
    assert!((0.92..=0.98).contains(&share), "{name}: 95 % bars hold in {share} of {REPETITIONS} repetitions");
}

fn every_spectrum(name: &str, quantity: Quantity, estimator: &dyn TraceEstimator, products: usize) {
    for (spectrum, values) in spectra() {
        let truth: f64 = match quantity {
            Quantity::Trace => values.iter().sum(),
            Quantity::SquaredNorm => values.iter().map(|v| v * v).sum(),
        };
        let operator = Planted::new(values, Precision::F64, 5).unwrap();
        let of = |seed| run(estimator, &operator, &TraceRequest { quantity, ..request(products, seed) }).unwrap();
        holds(&format!("{name}, {spectrum}, {products} products"), coverage(truth, of).0);
    }
}

#[test]
fn hutchinsons_bars_hold() {
    every_spectrum("hutchinson", Quantity::Trace, &Hutchinson, 60);
}

#[test]
fn the_bars_of_hutch_plus_plus_hold() {
    every_spectrum("hutch++", Quantity::Trace, &HutchPlusPlus::default(), 90);
}

#[test]
fn the_bars_of_xtrace_hold_at_every_size_of_the_sketch() {
    for products in [24, 72] {
        every_spectrum("xtrace", Quantity::Trace, &XTrace, products);
    }
}

#[test]
fn the_bars_on_the_complement_of_known_pairs_hold() {
    let estimators: [(&str, &dyn TraceEstimator); 2] = [("hutchinson", &Hutchinson), ("xtrace", &XTrace)];
    for (name, estimator) in estimators {
        for (spectrum, values) in spectra() {
            let truth: f64 = values.iter().sum();
            let operator = Planted::new(values, Precision::F64, 5).unwrap();
            let share = with_known(&operator, |known| {
                let of = |seed| {
                    let request = TraceRequest { known: Some(known.clone()), ..request(30, seed) };
                    run(estimator, &operator, &request).unwrap()
                };
                coverage(truth, of).0
            });
            holds(&format!("{name} with ten known pairs, {spectrum}"), share);
        }
    }
}

#[test]
fn the_bars_of_the_squared_norm_hold() {
    // χ² tails: the square of a sample needs more of them than the sample.
    every_spectrum("squared norm", Quantity::SquaredNorm, &Hutchinson, 200);
}

#[test]
fn stopping_at_a_goal_does_not_make_the_bars_too_short() {
    let (values, goal) = (decaying(256, 1, true), Goal { relative_error: 0.01, ..Goal::default() });
    let truth: f64 = values.iter().sum();
    let operator = Planted::new(values, Precision::F64, 5).unwrap();
    let of = |seed| run(&XTrace, &operator, &TraceRequest { goal, ..request(400, seed) }).unwrap();
    holds("xtrace stopped at 1 %", coverage(truth, of).0);
    let share = with_known(&operator, |known| {
        let of = |seed| {
            run(&Hutchinson, &operator, &TraceRequest { goal, known: Some(known.clone()), ..request(400, seed) })
                .unwrap()
        };
        coverage(truth, of).0
    });
    holds("hutchinson with known pairs, stopped at 1 %", share);
}

#[test]
fn no_estimator_is_biased() {
    for (name, estimator) in super::all() {
        for (spectrum, values) in spectra() {
            let truth: f64 = values.iter().sum();
            let operator = Planted::new(values, Precision::F64, 5).unwrap();
            let (mut sum, mut squares) = (0.0, 0.0);
            for seed in 0..REPETITIONS as u64 {
                let error = run(estimator.as_ref(), &operator, &request(48, seed)).unwrap().value - truth;
                sum += error;
                squares += error * error;
            }
            let count = REPETITIONS as f64;
            let standard_error = ((squares - sum * sum / count) / (count - 1.0) / count).sqrt();
            assert!((sum / count).abs() < 4.0 * standard_error, "{name}, {spectrum}: {} {standard_error}", sum / count);
        }
    }
}
