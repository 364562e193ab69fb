//! Both methods against each other and against dense Hessians, on small networks.

use super::*;
use crate::problem::{BackendSpec, ProblemSpec, Session};
use crate::spectrum::{Event, SpectrumError, Watch};
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle};
use hesse_core::graph::Mode;
use hesse_core::input_hessian::{add_scaled, dot, symmetric_eigen};
use hesse_core::loss::Loss;
use hesse_core::registry;
use hesse_core::vectors::Precision;
use std::sync::atomic::{AtomicUsize, Ordering};

fn spec(model: &str, precision: Precision) -> ProblemSpec {
    ProblemSpec {
        model: model.to_string(),
        weights: None,
        data: "glyphs:train=40,test=20".parse().unwrap(),
        split: crate::data::Split::Train,
        samples: "0..12".parse().unwrap(),
        perturbation: None,
        normalization: hesse_core::model::Normalization::default(),
        loss: Loss::default(),
        mode: Mode::Eval,
        backend: BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            precision,
            threads: Some(1),
            ..BackendSpec::default()
        },
        seed: 3,
        batch: 5,
        memory: 1 << 30,
    }
}

fn session(model: &str, precision: Precision) -> Session {
    Session::open(spec(model, precision)).unwrap()
}

fn run(session: &Session, options: &InputOptions) -> InputSpectrum {
    measure_inputs(session, options, &mut Watch { observe: &mut |_| {}, stop: &|| false }).unwrap()
}

fn with(method: InputMethod, largest: usize, smallest: usize) -> InputOptions {
    InputOptions { method, largest, smallest, tolerance: 1e-8, ..InputOptions::default() }
}

/// The extreme eigenvalues of the dense Hessian of a session's sample, falling: all that are not zero, and zero.
fn dense(session: &Session, i: usize) -> Vec<f64> {
    let graph = session.network().graph(Mode::Eval).unwrap();
    let oracle = NetworkOracle::new(session.backend(), graph, session.weights(), 64).unwrap();
    let x: Vec<f64> = session.dataset().image(i).iter().map(|v| f64::from(*v) / 255.0).collect();
    let (d, label) = (x.len(), session.dataset().labels[i]);
    let mut units = vec![0.0; d * d];
    (0..d).for_each(|k| units[k * d + k] = 1.0);
    let matrix = oracle.hessian_product(&x.repeat(d), &vec![label; d], AttackLoss::CrossEntropy, &units).unwrap();
    // Its rank is that of the first layer, so it is small in a basis of its rows.
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let largest = matrix.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    for row in matrix.chunks(d) {
        let mut rest = row.to_vec();
        for q in basis.iter().chain(&basis) {
            let along = dot(q, &rest);
            add_scaled(&mut rest, -along, q);
        }
        let length = dot(&rest, &rest).sqrt();
        if length > 1e-10 * largest {
            basis.push(rest.iter().map(|v| v / length).collect());
        }
    }
    let m = basis.len();
    assert!(m <= 16, "rank {m}");
    let moved: Vec<Vec<f64>> =
        basis.iter().map(|q| matrix.chunks(d).map(|row| dot(row, q)).collect::<Vec<f64>>()).collect();
    let small: Vec<f64> = (0..m * m).map(|e| dot(&basis[e / m], &moved[e % m])).collect();
    let mut values = symmetric_eigen(&small, m).values;
    values.push(0.0);
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

#[test]
fn the_closed_form_and_lanczos_agree_on_a_piecewise_linear_network() {
    let session = session("mlp:hidden=24", Precision::F64);
    let (closed, iterated) =
        (run(&session, &with(InputMethod::Auto, 3, 0)), run(&session, &with(InputMethod::Lanczos, 9, 1)));
    assert_eq!((closed.method, iterated.method), (InputMethod::Logits, InputMethod::Lanczos));
    assert!(closed.piecewise_linear && closed.converged() && iterated.converged());
    assert_eq!((closed.samples.len(), iterated.samples.len()), (12, 12));
    for (a, b) in closed.samples.iter().zip(&iterated.samples) {
        assert_eq!((a.index, a.label, a.correct, a.residuals.len()), (b.index, b.label, b.correct, 3));
        assert!((a.loss - b.loss).abs() < 1e-12 && (a.gradient_norm - b.gradient_norm).abs() < 1e-12);
        assert_eq!((a.eigenvalues.len(), b.eigenvalues.len(), a.rank, b.rank), (9, 9, 9, 9));
        for (x, y) in a.eigenvalues.iter().zip(&b.eigenvalues) {
            assert!((x - y).abs() < 1e-9 * a.lambda(), "{x} and {y}");
        }
        assert!((a.trace.unwrap() - a.eigenvalues.iter().sum::<f64>()).abs() < 1e-12 * a.lambda());
        let (trace, error) = (b.trace.unwrap(), b.trace_standard_error.unwrap());
        assert!((trace - a.trace.unwrap()).abs() < 6.0 * error, "{trace} ± {error}, {}", a.trace.unwrap());
        assert!(b.lowest_share().unwrap() > -1e-12 && b.rank_complete);
    }
}

#[test]
fn a_smooth_network_is_indefinite_and_lanczos_finds_both_ends_of_the_dense_spectrum() {
    let session = session("mlp:hidden=8,activation=tanh", Precision::F64);
    let found = run(&session, &with(InputMethod::Auto, 2, 2));
    assert!(found.method == InputMethod::Lanczos && !found.piecewise_linear && found.converged());
    for i in [0, 11] {
        let (all, sample) = (dense(&session, i), &found.samples[i]);
        for k in 0..2 {
            assert!((sample.eigenvalues[k] - all[k]).abs() < 1e-9 * all[0], "{:?}", sample.eigenvalues);
            assert!((sample.smallest[k] - all[all.len() - 1 - k]).abs() < 1e-9 * all[0], "{:?}", sample.smallest);
        }
    }
    let report = InputSpectrumReport::new(&session, &with(InputMethod::Auto, 2, 2), &found, &[]);
    assert!(report.summary.indefinite > 6, "{} of 12", report.summary.indefinite);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((json["schema"].as_str(), json["wrt"].as_str()), (Some("hesse.spectrum/1"), Some("inputs")));
    assert_eq!(json["samples"][11]["index"], 11);
    assert!(input_spectrum_text(&report).contains("indefinite at"));
}

#[test]
fn single_precision_is_good_to_a_thousandth_and_positions_are_those_of_the_file() {
    let exact = run(&session("mlp:hidden=24", Precision::F64), &with(InputMethod::Logits, 1, 0));
    let mut spec = spec("mlp:hidden=24", Precision::F32);
    spec.samples = "4..9".parse().unwrap();
    let session = Session::open(spec).unwrap();
    let found = run(&session, &InputOptions { tolerance: 1e-3, ..with(InputMethod::Logits, 9, 0) });
    assert!(found.converged());
    assert_eq!(found.samples.iter().map(|s| s.index).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
    for (a, b) in found.samples.iter().zip(&exact.samples[4..9]) {
        for (x, y) in a.eigenvalues.iter().zip(&b.eigenvalues) {
            assert!((x - y).abs() < 1e-4 * b.lambda(), "{x} and {y}");
        }
    }
}

#[test]
fn stopped_on_the_way_the_finished_samples_are_kept() {
    let session = session("mlp:hidden=8,activation=tanh", Precision::F64);
    let go = |most: usize| {
        let events = AtomicUsize::new(0);
        let mut observe = |event: Event| {
            if matches!(event, Event::Inputs { .. }) {
                events.fetch_add(1, Ordering::Relaxed);
            }
        };
        let stop = || events.load(Ordering::Relaxed) > most;
        measure_inputs(&session, &with(InputMethod::Lanczos, 1, 1), &mut Watch { observe: &mut observe, stop: &stop })
    };
    assert!(matches!(go(2), Err(SpectrumError::Interrupted)));
    let whole = go(usize::MAX).unwrap();
    let mut most = 2;
    let part = loop {
        most += 5;
        match go(most) {
            Ok(part) if part.interrupted => break part,
            Ok(_) => panic!("never between two chunks"),
            Err(_) => {}
        }
    };
    assert!(!part.converged() && !part.samples.is_empty() && part.samples.len() < 12);
    assert_eq!(part.samples, whole.samples[..part.samples.len()]);
    assert!(part.notices.iter().any(|n| n.contains("interrupted")));
}

#[test]
fn what_has_no_input_hessian_of_its_own_is_refused_with_what_would() {
    let refused = |change: &dyn Fn(&mut ProblemSpec), method| {
        let mut spec = spec("mlp:hidden=8,activation=tanh", Precision::F64);
        change(&mut spec);
        let session = Session::open(spec).unwrap();
        let options = with(method, 1, 0);
        let result = measure_inputs(&session, &options, &mut Watch { observe: &mut |_| {}, stop: &|| false });
        result.unwrap_err().to_string()
    };
    let smooth = refused(
        &|s| {
            s.loss = Loss::CrossEntropy { label_smoothing: 0.1, class_weights: None, ignored_label: None };
        },
        InputMethod::Auto,
    );
    assert!(smooth.contains("plain cross-entropy") && smooth.contains("label smoothing 0.1"), "{smooth}");
    let train = refused(&|s| s.mode = Mode::Train, InputMethod::Auto);
    assert!(train.contains("expected eval") && train.contains("found train"), "{train}");
    let curved = refused(&|_| {}, InputMethod::Logits);
    assert!(curved.contains("piecewise-linear") && curved.contains("use lanczos"), "{curved}");
}
