//! Diagonals and the errors of their entries.

use super::SPEND;
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::{DiagonalEstimate, DiagonalEstimator, DiagonalRequest, Goal, statistics};
use hesse_core::host::HostOperator;
use hesse_core::operator::LinearOperator;
use hesse_core::planted::{Planted, decaying, flat};
use hesse_core::vectors::Precision;
use hesse_trace::{HutchinsonDiagonal, XDiag};

fn request(max_products: usize, seed: u64) -> DiagonalRequest {
    DiagonalRequest { goal: SPEND, max_products, seed, block: 4 }
}

fn run(
    estimator: &dyn DiagonalEstimator,
    operator: &dyn LinearOperator,
    request: &DiagonalRequest,
) -> DiagonalEstimate {
    estimator.estimate(operator, request, &mut |_| Control::Continue).unwrap()
}

fn both() -> [(&'static str, Box<dyn DiagonalEstimator>); 2] {
    [("xdiag", Box::new(XDiag)), ("hutchinson", Box::new(HutchinsonDiagonal))]
}

#[test]
fn every_entry_is_within_its_bars_in_95_percent_of_400_repetitions() {
    let spectra = [("indefinite", decaying(64, 1, true)), ("decaying", decaying(64, 1, false)), ("flat", flat(64, 1))];
    for (name, estimator) in both() {
        for (spectrum, values) in &spectra {
            let operator = Planted::new(values.clone(), Precision::F64, 5).unwrap();
            let truth = operator.diagonal();
            let (mut within, mut square, mut bars) = (0usize, 0.0, 0.0);
            for seed in 0..400 {
                let found = run(estimator.as_ref(), &operator, &request(32, seed));
                let factor = statistics::student_t(0.95, found.samples - 1);
                for ((value, error), truth) in found.values.iter().zip(&found.standard_errors).zip(&truth) {
                    within += usize::from((value - truth).abs() <= factor * error);
                    square += (value - truth).powi(2);
                    bars += error * error;
                }
            }
            let share = within as f64 / (400 * truth.len()) as f64;
            let ratio = (square / bars).sqrt();
            println!("{name}, {spectrum}: {share:.4}, error ÷ standard error {ratio:.3}");
            assert!((0.92..=0.98).contains(&share), "{name}, {spectrum}: {share}");
            // Entries whose covariance comes out negative by chance count it as zero, so that bars are long rather than short.
            assert!((0.7..=1.12).contains(&ratio), "{name}, {spectrum}: {ratio}");
        }
    }
}

#[test]
fn xdiag_beats_hutchinson_on_a_decaying_spectrum() {
    let operator = Planted::new(decaying(256, 1, true), Precision::F64, 5).unwrap();
    let truth = operator.diagonal();
    let error = |estimator: &dyn DiagonalEstimator| {
        let found = run(estimator, &operator, &request(60, 1));
        found.values.iter().zip(&truth).map(|(v, t)| (v - t).powi(2)).sum::<f64>().sqrt()
    };
    let (x, h) = (error(&XDiag), error(&HutchinsonDiagonal));
    assert!(x < 0.1 * h, "{x} {h}");
}

#[test]
fn diagonals_of_low_rank_zero_and_tiny_operators_are_exact() {
    let mut values = vec![0.0; 32];
    values[..3].copy_from_slice(&[3.0, -2.0, 1.0]);
    for precision in [Precision::F32, Precision::F64] {
        let operator = Planted::new(values.clone(), precision, 2).unwrap();
        let found = run(&XDiag, &operator, &DiagonalRequest { goal: Goal::default(), ..request(100, 0) });
        let truth = operator.diagonal();
        assert!(found.values.iter().zip(&truth).all(|(v, t)| (v - t).abs() < 200.0 * precision.epsilon()), "{found:?}");
        assert_eq!(found.reason, StopReason::Converged);
        let zero = HostOperator::new(9, precision, |x: &[f64]| vec![0.0; x.len()]);
        for (name, estimator) in both() {
            let found = run(estimator.as_ref(), &zero, &DiagonalRequest { goal: Goal::default(), ..request(100, 0) });
            assert!(found.values.iter().chain(&found.standard_errors).all(|v| *v == 0.0), "{name}");
            assert_eq!(found.reason, StopReason::Converged, "{name}");
        }
    }
    let two = Planted::new(vec![1.0, 3.0], Precision::F64, 2).unwrap();
    let found = run(&XDiag, &two, &request(100, 0));
    assert!(found.values.iter().zip(two.diagonal()).all(|(v, t)| (v - t).abs() < 1e-13), "{found:?}");
}

#[test]
fn a_multiple_of_the_operator_has_the_same_multiple_of_diagonal_and_error() {
    let values = decaying(64, 4, true);
    for (name, estimator) in both() {
        let of = |scale: f64| {
            let scaled = values.iter().map(|v| v * scale).collect();
            run(estimator.as_ref(), &Planted::new(scaled, Precision::F64, 2).unwrap(), &request(24, 1)).norms()
        };
        let one = of(1.0);
        for scale in [1e-8, 1e8] {
            let other = of(scale);
            assert!((other.0 / one.0 / scale - 1.0).abs() < 1e-10, "{name}");
            assert!((other.1 / one.1 / scale - 1.0).abs() < 1e-10, "{name}");
        }
    }
}
