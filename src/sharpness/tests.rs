//! A loss that is a quadratic on paper: squared error with only the last biases free.
//!
//! With respect to the ten biases H = (2/10) I, whatever the network before them, so every measure has a closed form.

use super::*;
use crate::problem::{BackendSpec, Perturbation, ProblemSpec, Session};
use crate::spectrum::{Event, SpectrumError, Watch};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::operator::Evaluator;
use hesse_core::vectors::Precision;

const CURVATURE: f64 = 0.2;

fn spec() -> ProblemSpec {
    ProblemSpec {
        model: "mlp:hidden=none".to_string(),
        weights: None,
        data: "glyphs:train=60,test=10".parse().unwrap(),
        split: crate::data::Split::Train,
        samples: Default::default(),
        perturbation: None::<Perturbation>,
        normalization: Default::default(),
        loss: Loss::SquaredErrorOneHot,
        mode: Mode::Eval,
        backend: BackendSpec { precision: Precision::F64, threads: Some(1), ..BackendSpec::default() },
        seed: 3,
        batch: 25,
        memory: usize::MAX,
    }
}

fn options() -> SharpnessOptions {
    SharpnessOptions {
        params: Some("*bias".to_string()),
        mini_batch: 11,
        mini_batches: 8,
        rate: Some(4.0),
        ..SharpnessOptions::default()
    }
}

fn run(session: &Session, options: &SharpnessOptions) -> Result<Sharpness, SpectrumError> {
    measure(session, options, &mut Watch { observe: &mut |_: Event| {}, stop: &|| false })
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs()
}

/// The biases and the gradient with respect to them.
fn point(session: &Session) -> (Vec<f64>, Vec<f64>) {
    let wrt = session.select(Some("*bias")).unwrap();
    let evaluation = Evaluator::new(session.backend(), session.problem(), Some(&wrt), 25)
        .unwrap()
        .run(session.weights(), session.source(), &mut |_| {})
        .unwrap();
    let space = session.backend().space(10, Precision::F64);
    let gradient = space.read(&evaluation.gradient.unwrap(), 0).unwrap();
    let all = session.backend().space(session.graph().parameter_count(), Precision::F64);
    let weights = all.read(&session.weights().parameters, 0).unwrap();
    (weights[weights.len() - 10..].to_vec(), gradient)
}

fn norm(v: impl IntoIterator<Item = f64>) -> f64 {
    v.into_iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[test]
fn every_measure_of_a_quadratic_has_its_closed_form() {
    let session = Session::open(spec()).unwrap();
    let options = options();
    let found = run(&session, &options).unwrap();
    assert_eq!(found.dimension, 10);
    assert!(found.eigen.largest.len() == 5 && found.eigen.largest.iter().all(|p| close(p.value, CURVATURE)));
    assert!(close(found.trace.estimate, 10.0 * CURVATURE) && found.trace.standard_error == 0.0);

    let (weights, gradient) = point(&session);
    let rho = options.radius;
    let best = rho * norm(gradient.iter().copied()) + 0.5 * CURVATURE * rho * rho;
    assert!(close(found.plain.one_step.unwrap(), best));
    assert!(close(found.plain.worst.unwrap(), best), "no direction is worse than the gradient");
    assert_eq!(found.plain.random.len(), 20);
    assert!(found.plain.random.iter().all(|gain| *gain < best && *gain > -best));

    // Kwon et al.: d = ρ T²g / ‖Tg‖ with T = |w|.
    let rho = options.adaptive_radius;
    let scaled = norm(weights.iter().zip(&gradient).map(|(w, g)| w * g));
    let d: Vec<f64> = weights.iter().zip(&gradient).map(|(w, g)| rho * w * w * g / scaled).collect();
    let gain = d.iter().zip(&gradient).map(|(d, g)| d * g).sum::<f64>()
        + 0.5 * CURVATURE * d.iter().map(|d| d * d).sum::<f64>();
    assert!(close(found.adaptive.one_step.unwrap(), gain), "{:?} {gain}", found.adaptive.one_step);
    assert!(found.adaptive.worst.unwrap() >= gain * (1.0 - 1e-12));

    assert!(found.batch_sharpness.values.len() == 8);
    assert!(found.batch_sharpness.values.iter().all(|v| close(*v, CURVATURE)), "{:?}", found.batch_sharpness);
    // Each batch's own gradient is longer than the mean's.
    let mean = found.over_batches.values.iter().sum::<f64>() / 8.0;
    assert!(mean > best, "{mean} {best}");

    let report = SharpnessReport::new(&session, &options, &found, &[]);
    let edge = report.edge.unwrap();
    assert!(close(edge.edge, 0.5) && close(edge.lambda_1.unwrap(), 0.4) && close(edge.batch_sharpness.unwrap(), 0.4));
    assert!(report.converged && close(report.lambda_ratio.unwrap(), 1.0));
    let text = sharpness_text(&report);
    for word in ["λ₁/λ₅", "batch sharpness ÷ 2/η", "8 batches of 11", "adaptive gain, ascent"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn adaptive_sharpness_does_not_change_where_a_layer_is_rescaled() {
    // ReLU(c·W₁x)·W₂/c is the same function for every c; plain sharpness changes, adaptive does not.
    let folder = tempfile::tempdir().unwrap();
    let measured = |factor: f64| {
        let file = folder.path().join(format!("{factor}.safetensors"));
        let mut spec = ProblemSpec { model: "mlp:hidden=6".to_string(), loss: Loss::default(), ..spec() };
        let session = Session::open(spec.clone()).unwrap();
        let values = crate::problem::Values::initial(session.graph(), 3);
        let tensors = session.graph().parameters().iter().zip(&values.parameters).enumerate().map(|(i, (p, v))| {
            // Weight and bias of the first layer, then weight of the second.
            let by = [factor, factor, 1.0 / factor, 1.0][i];
            let values = crate::weights::Values::F64(v.iter().map(|v| v * by).collect());
            (p.name.clone(), crate::weights::TensorData { shape: p.shape.clone(), values })
        });
        crate::weights::write_safetensors(&file, &tensors.collect(), &Default::default()).unwrap();
        spec.weights = Some(file);
        let session = Session::open(spec).unwrap();
        let options = SharpnessOptions { params: None, directions: 3, steps: 8, mini_batches: 2, ..options() };
        run(&session, &options).unwrap()
    };
    let (one, four) = (measured(1.0), measured(4.0));
    let same = |a: Option<f64>, b: Option<f64>| (a.unwrap() / b.unwrap() - 1.0).abs() < 1e-6;
    assert!(same(one.adaptive.one_step, four.adaptive.one_step), "{:?} {:?}", one.adaptive, four.adaptive);
    assert!(same(one.adaptive.worst, four.adaptive.worst));
    assert!(one.adaptive.random.iter().zip(&four.adaptive.random).all(|(a, b)| (a / b - 1.0).abs() < 1e-6));
    assert!(!same(one.plain.one_step, four.plain.one_step));
}

#[test]
fn requests_that_do_not_fit_are_refused_and_an_interruption_is_said() {
    let session = Session::open(spec()).unwrap();
    let error = run(&session, &SharpnessOptions { mini_batch: 61, ..options() }).unwrap_err().to_string();
    assert!(error.contains("expected from 1 to the 60 samples, found 61"), "{error}");
    assert!(run(&session, &SharpnessOptions { params: Some("none".into()), ..options() }).is_err());
    let stopped = measure(&session, &options(), &mut Watch { observe: &mut |_: Event| {}, stop: &|| true });
    assert!(matches!(stopped, Err(SpectrumError::Interrupted)));
}
