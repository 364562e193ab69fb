//! Exact cases, scales, precisions, tiny dimensions, ghosts and interruptions.

use super::{request, run, with_known};
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::{DensityEstimator, DensityRequest, EstimateError};
use hesse_core::host::HostOperator;
use hesse_core::planted::{Planted, decaying, flat};
use hesse_core::vectors::Precision;
use hesse_density::Slq;

#[test]
fn a_zero_operator_is_a_stick_at_zero() {
    for precision in [Precision::F32, Precision::F64] {
        let zero = HostOperator::new(30, precision, |x: &[f64]| vec![0.0; x.len()]);
        let density = run(&zero, &request(20, 3, 0));
        for probe in &density.probes {
            assert_eq!((probe.nodes.as_slice(), probe.weights.as_slice(), probe.exact), (&[0.0][..], &[1.0][..], true));
        }
        assert_eq!((density.products, density.trace().value), (3, 0.0));
        assert_eq!(density.masses(0.0, 0.95).around.value, 1.0);
    }
}

#[test]
fn a_breakdown_ends_a_probe_with_the_exact_nodes() {
    // Rank 5 of 64, 30 steps: six distinct eigenvalues, and no spurious ones.
    let mut values = vec![0.0; 64];
    values[..5].copy_from_slice(&[5.0, 4.0, 3.0, 2.0, 1.0]);
    for precision in [Precision::F32, Precision::F64] {
        let operator = Planted::new(values.clone(), precision, 3).unwrap();
        let density = run(&operator, &request(30, 4, 1));
        for probe in &density.probes {
            assert!(probe.exact && probe.nodes.len() <= 7, "{precision}: {probe:?}");
            let heavy = probe.nodes.iter().zip(&probe.weights).filter(|(_, w)| **w > 1e-6);
            for (node, _) in heavy {
                assert!((node - node.round()).abs() < 1e3 * precision.epsilon(), "{precision}: {probe:?}");
            }
        }
    }
}

#[test]
fn a_multiple_of_the_operator_has_the_same_multiple_of_nodes_and_the_same_weights() {
    let values = decaying(64, 1, true);
    for precision in [Precision::F32, Precision::F64] {
        let of = |scale: f64| {
            let scaled = values.iter().map(|v| v * scale).collect();
            let operator = Planted::new(scaled, precision, 2).unwrap();
            with_known(&operator, 3, |known| {
                run(&operator, &DensityRequest { known: Some(known), ..request(12, 2, 1) })
            })
        };
        let one = of(1.0);
        for scale in [1e-8, 1e8] {
            let other = of(scale);
            for (a, b) in one.probes.iter().zip(&other.probes) {
                assert_eq!(a.nodes.len(), b.nodes.len());
                let largest = a.nodes.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                for ((x, y), (v, w)) in a.nodes.iter().zip(&b.nodes).zip(a.weights.iter().zip(&b.weights)) {
                    assert!((x - y / scale).abs() < 1e4 * precision.epsilon() * largest, "{precision} {scale}");
                    assert!((v - w).abs() < 1e4 * precision.epsilon(), "{precision} {scale}: {v} {w}");
                }
            }
        }
    }
}

#[test]
fn fewer_dimensions_than_steps_are_no_special_case() {
    for n in [1, 2, 4] {
        let values: Vec<f64> = (1..=n).map(|i| i as f64).collect();
        let operator = Planted::new(values.clone(), Precision::F64, 2).unwrap();
        let density = run(&operator, &request(50, 400, 0));
        assert!(density.probes.iter().all(|p| p.exact && p.nodes.len() <= n));
        assert!(density.wasserstein(&values) < 0.1 * n as f64);
        with_known(&operator, n, |known| {
            let all = run(&operator, &DensityRequest { known: Some(known), ..request(50, 4, 0) });
            assert!(all.probes.is_empty() && all.wasserstein(&values) == 0.0 && all.products == 0);
            assert_eq!((all.trace().value, all.trace().standard_error), (values.iter().sum(), 0.0));
        });
    }
}

#[test]
fn two_clusters_have_half_of_the_mass_each() {
    let operator =
        Planted::new((0..256).map(|i| if i < 128 { 1.0 } else { 3.0 }).collect(), Precision::F64, 2).unwrap();
    let density = run(&operator, &request(8, 40, 0));
    let at = density.cumulative(2.0, 0.95);
    assert!((at.value - 0.5).abs() < 0.03 && at.low < 0.5 && at.high > 0.5, "{at:?}");
    let total: f64 = density.probes.iter().flat_map(|p| &p.weights).sum();
    assert!((total - 40.0).abs() < 1e-12);
}

#[test]
fn without_reorthogonalisation_the_density_is_the_same_and_a_remark_says_so() {
    let operator = Planted::new(decaying(256, 1, true), Precision::F32, 2).unwrap();
    let loose = Slq { reorthogonalize: false };
    let of = |slq: Slq| slq.estimate(&operator, &request(100, 4, 1), &mut |_| Control::Continue).unwrap();
    let (tight, loose) = (of(Slq::default()), of(loose));
    assert_eq!((tight.remarks.len(), loose.remarks.len()), (0, 1));
    let copies =
        |d: &hesse_core::estimate::Density| d.probes[0].nodes.iter().filter(|v| (**v - 20.0).abs() < 1e-3).count();
    assert!(copies(&tight) == 1 && copies(&loose) > 1, "{} {}", copies(&tight), copies(&loose));
    for x in [-0.05, 0.05, 0.2, 0.5, 5.0] {
        let (a, b) = (tight.cumulative(x, 0.95).value, loose.cumulative(x, 0.95).value);
        assert!((a - b).abs() < 0.05, "at {x}: {a} {b}");
    }
}

#[test]
fn probes_do_not_depend_on_the_block() {
    let operator = Planted::new(flat(64, 1), Precision::F64, 2).unwrap();
    let of = |block| run(&operator, &DensityRequest { block, ..request(12, 5, 1) });
    assert_eq!(of(1).probes, of(3).probes);
    assert_eq!(of(1).probes, of(8).probes);
}

#[test]
fn an_interrupted_run_returns_the_probes_that_are_done() {
    let operator = Planted::new(decaying(64, 1, true), Precision::F64, 2).unwrap();
    let stopped = |after: usize| {
        let mut left = after;
        Slq::default().estimate(&operator, &request(12, 8, 1), &mut |_| {
            left -= 1;
            if left == 0 { Control::Stop } else { Control::Continue }
        })
    };
    let whole = run(&operator, &request(12, 8, 1));
    let half = stopped(15).unwrap();
    assert_eq!((half.reason, half.probes.as_slice()), (StopReason::Interrupted, &whole.probes[..4]));
    let begun = stopped(5).unwrap();
    assert!(begun.probes.len() == 4 && begun.probes.iter().all(|p| p.nodes.len() == 5));
    assert_eq!(stopped(24).unwrap().reason, StopReason::Converged, "stopped after the last product");
}

#[test]
fn senseless_requests_and_broken_operators_are_errors() {
    let operator = Planted::new(vec![1.0; 8], Precision::F64, 0).unwrap();
    for bad in [request(0, 3, 0), request(3, 0, 0)] {
        let error = Slq::default().estimate(&operator, &bad, &mut |_| Control::Continue).unwrap_err();
        assert!(error.to_string().contains("expected at least 1"), "{error}");
    }
    let broken = HostOperator::new(8, Precision::F64, |x: &[f64]| vec![f64::NAN; x.len()]);
    let error = Slq::default().estimate(&broken, &request(4, 1, 0), &mut |_| Control::Continue).unwrap_err();
    assert!(matches!(error, EstimateError::NotFinite { product: 1 }), "{error}");
}
