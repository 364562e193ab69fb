//! Exact cases, scales, precisions, tiny dimensions, budgets and interruptions.

use super::{all, request, run, with_known};
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::{EstimateError, Goal, KnownPairs, Quantity, TraceEstimator, TraceRequest};
use hesse_core::host::HostOperator;
use hesse_core::operator::LinearOperator;
use hesse_core::planted::{Planted, decaying};
use hesse_core::vectors::Precision;
use hesse_trace::{Hutchinson, XTrace};

#[test]
fn the_trace_of_a_matrix_of_low_rank_is_exact() {
    let mut values = vec![0.0; 128];
    values[..5].copy_from_slice(&[5.0, 4.0, 3.0, -2.0, 1.0]);
    for precision in [Precision::F32, Precision::F64] {
        let operator = Planted::new(values.clone(), precision, 2).unwrap();
        for quantity in [Quantity::Trace, Quantity::SquaredNorm] {
            let found = run(&XTrace, &operator, &TraceRequest { quantity, ..request(400, 1) }).unwrap();
            let truth = if quantity == Quantity::Trace { 11.0 } else { 55.0 };
            assert!((found.value - truth).abs() < 300.0 * precision.epsilon() * truth, "{precision}: {found:?}");
            assert!(found.standard_error < 300.0 * precision.epsilon() * truth, "{found:?}");
            assert_eq!((found.reason, found.remarks.len()), (StopReason::Converged, 1));
            assert!(found.products <= 60, "{found:?}");
        }
    }
}

#[test]
fn a_zero_operator_has_trace_zero_without_error() {
    for precision in [Precision::F32, Precision::F64] {
        let zero = HostOperator::new(50, precision, |x: &[f64]| vec![0.0; x.len()]);
        for (name, estimator) in all() {
            let goal = Goal::default();
            let found = run(estimator.as_ref(), &zero, &TraceRequest { goal, ..request(300, 0) }).unwrap();
            assert_eq!((found.value, found.standard_error, found.reason), (0.0, 0.0, StopReason::Converged), "{name}");
            assert!(found.products <= 60, "{name} spends {}", found.products);
        }
    }
}

#[test]
fn a_multiple_of_the_operator_has_the_same_multiple_of_trace_and_error() {
    let values = decaying(128, 4, true);
    for (name, estimator) in all() {
        for precision in [Precision::F32, Precision::F64] {
            let of = |scale: f64| {
                let scaled = values.iter().map(|v| v * scale).collect();
                run(estimator.as_ref(), &Planted::new(scaled, precision, 2).unwrap(), &request(40, 1)).unwrap()
            };
            let one = of(1.0);
            for scale in [1e-8, 1e8] {
                let other = of(scale);
                let near = |a: f64, b: f64| (a / b / scale - 1.0).abs() < 2e4 * precision.epsilon();
                assert!(near(other.value, one.value), "{name} {precision} {scale}: {other:?} {one:?}");
                assert!(near(other.standard_error, one.standard_error), "{name} {precision}: {other:?} {one:?}");
                assert_eq!(other.products, one.products);
            }
        }
    }
}

#[test]
fn fewer_dimensions_than_probes_are_no_special_case() {
    for n in [1, 2, 4, 8] {
        let values: Vec<f64> = (1..=n).map(|i| i as f64).collect();
        let truth: f64 = values.iter().sum();
        let operator = Planted::new(values, Precision::F64, 2).unwrap();
        for (name, estimator) in all() {
            let goal = Goal { relative_error: 0.2, ..Goal::default() };
            let found = run(estimator.as_ref(), &operator, &TraceRequest { goal, ..request(400, 3) }).unwrap();
            let bound = (2.0 * found.half_width).max(1e-12 * truth);
            assert!((found.value - truth).abs() <= bound, "{name}, n = {n}: {found:?}");
        }
        let exact = run(&XTrace, &operator, &request(400, 3)).unwrap();
        assert!((exact.value - truth).abs() < 1e-12 * truth && exact.half_width < 1e-12 * truth, "{exact:?}");
    }
}

#[test]
fn when_every_pair_is_known_nothing_is_estimated() {
    let values = vec![3.0, -1.0, 2.0, 0.5];
    let operator = Planted::new(values.clone(), Precision::F64, 2).unwrap();
    let vectors = operator.eigenvectors(&[0, 1, 2, 3]).unwrap();
    for (name, estimator) in all() {
        let known = Some(KnownPairs { values: &values, vectors: vectors.all() });
        let found = run(estimator.as_ref(), &operator, &TraceRequest { known, ..request(40, 0) }).unwrap();
        assert_eq!((found.value, found.half_width), (4.5, 0.0), "{name}");
        assert_eq!((found.products, found.reason), (0, StopReason::Converged), "{name}");
    }
}

#[test]
fn pairs_that_are_not_converged_do_not_bias_the_trace() {
    let operator = Planted::new(decaying(256, 1, true), Precision::F64, 5).unwrap();
    let truth: f64 = operator.eigenvalues().iter().sum();
    let space = operator.space();
    // Two vectors a third of a radian away from eigenvectors, with their Rayleigh quotients.
    let mut v = operator.eigenvectors(&[0, 1]).unwrap();
    let wrong = operator.eigenvectors(&[100, 200]).unwrap();
    let (c, s) = (0.33f64.cos(), 0.33f64.sin());
    space.combine(v.all_mut(), c, wrong.all(), &[s, 0.0, 0.0, s]).unwrap();
    let e = operator.eigenvalues();
    let values = [c * c * e[0] + s * s * e[100], c * c * e[1] + s * s * e[200]];
    let known = KnownPairs { values: &values, vectors: v.all() };
    let mut mean = 0.0;
    let mut error = 0.0;
    for seed in 0..200 {
        let found =
            run(&Hutchinson, &operator, &TraceRequest { known: Some(known.clone()), ..request(40, seed) }).unwrap();
        mean += found.value / 200.0;
        error += found.standard_error / 200.0;
    }
    assert!((mean - truth).abs() < 4.0 * error / 200f64.sqrt(), "{mean} {truth} {error}");
}

#[test]
fn a_run_stops_at_its_goal_and_not_before_ten_samples() {
    let operator = Planted::new(decaying(256, 1, true), Precision::F64, 5).unwrap();
    let goal = Goal { relative_error: 0.05, ..Goal::default() };
    for (name, estimator) in all() {
        let found = run(estimator.as_ref(), &operator, &TraceRequest { goal, ..request(4000, 0) }).unwrap();
        assert_eq!(found.reason, StopReason::Converged, "{name}");
        assert!(found.relative_error() <= 0.05 && found.samples >= 10, "{name}: {found:?}");
        let short = run(
            estimator.as_ref(),
            &operator,
            &TraceRequest { goal: Goal { relative_error: 1e-9, ..goal }, ..request(40, 0) },
        );
        let short = short.unwrap();
        assert_eq!(short.reason, StopReason::ProductLimit, "{name}");
        assert!(short.products <= 40, "{name}: {short:?}");
    }
    let known = with_known(&operator, |known| {
        run(&Hutchinson, &operator, &TraceRequest { goal, known: Some(known), ..request(4000, 0) }).unwrap()
    });
    assert!(known.products <= 16 && known.known_pairs == 10, "{known:?}");
}

#[test]
fn results_do_not_depend_on_the_block() {
    let operator = Planted::new(decaying(128, 4, true), Precision::F64, 2).unwrap();
    for (name, estimator) in all() {
        let of = |block| run(estimator.as_ref(), &operator, &TraceRequest { block, ..request(48, 1) }).unwrap();
        let (one, eight) = (of(1), of(8));
        assert!((one.value - eight.value).abs() < 1e-9 * one.value, "{name}: {one:?} {eight:?}");
    }
}

#[test]
fn an_interrupted_run_returns_what_it_has() {
    let operator = Planted::new(decaying(128, 4, true), Precision::F64, 2).unwrap();
    let stop_after = |estimator: &dyn TraceEstimator, events: usize| {
        let mut left = events;
        estimator.estimate(&operator, &request(4000, 1), &mut |_| {
            left = left.saturating_sub(1);
            if left == 0 { Control::Stop } else { Control::Continue }
        })
    };
    for (name, estimator) in [("hutchinson", &Hutchinson as &dyn TraceEstimator), ("xtrace", &XTrace)] {
        let found = stop_after(estimator, 8).unwrap();
        assert_eq!(found.reason, StopReason::Interrupted, "{name}");
        assert!(found.samples >= 2 && found.half_width > 0.0 && found.products < 100, "{name}: {found:?}");
    }
    assert!(stop_after(&hesse_trace::HutchPlusPlus::default(), 1).unwrap_err().is_interruption());
}

#[test]
fn an_operator_that_is_not_finite_is_an_error() {
    let broken = HostOperator::new(8, Precision::F64, |x: &[f64]| vec![f64::NAN; x.len()]);
    for (name, estimator) in all() {
        let error = run(estimator.as_ref(), &broken, &request(40, 0)).unwrap_err();
        assert!(matches!(error, EstimateError::NotFinite { .. }), "{name}: {error}");
    }
}

#[test]
fn senseless_requests_are_refused_in_words() {
    let operator = Planted::new(vec![1.0; 8], Precision::F64, 0).unwrap();
    for (goal, products) in [
        (Goal { relative_error: 0.0, ..Goal::default() }, 40),
        (Goal { confidence: 1.0, ..Goal::default() }, 40),
        (Goal { least_samples: 1, ..Goal::default() }, 40),
        (Goal::default(), 1),
    ] {
        let error = run(&Hutchinson, &operator, &TraceRequest { goal, ..request(products, 0) }).unwrap_err();
        assert!(error.to_string().contains("expected"), "{error}");
    }
    let wide = hesse_trace::HutchPlusPlus { sketch: Some(30) };
    assert!(run(&wide, &operator, &request(40, 0)).unwrap_err().to_string().contains("at most 19"));
}
