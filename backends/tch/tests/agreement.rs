//! Candle and libtorch on every built-in model: loss, gradient, H·v and G·v are the same numbers.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use hesse as _; // links the built-in models and the Candle backend
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::{Graph, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, Weights};
use hesse_core::options::Options;
use hesse_core::program::Problem;
use hesse_core::registry::{self, BackendEntry, find};
use hesse_core::vectors::Precision;
use hesse_tch as _; // links the backend under test

const SAMPLES: usize = 5;
/// Two batches, the last one smaller.
const BATCH: usize = 3;

/// Loss, gradient, H·v and G·v over two batches.
struct Measured {
    loss: f64,
    vectors: [Vec<f64>; 3],
}

fn measure(backend: &dyn SecondOrderBackend, graph: &Graph, input: [usize; 3]) -> Measured {
    let problem = Problem::new(graph.clone(), &Loss::default()).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
    let pixels = (0..SAMPLES * input.iter().product::<usize>()).map(|i| (i * 7919 % 251) as u8).collect();
    let labels = Some((0..SAMPLES).map(|i| (i * 7 % 10) as u32).collect());
    let data = (SAMPLES, Batch { samples: HostTensor::Pixels(pixels), labels, targets: None });
    let wrt = problem.all_parameters();
    let mut evaluator = Evaluator::new(backend, &problem, Some(&wrt), BATCH).unwrap();
    let evaluation = evaluator.run(&weights, &data, &mut |_| {}).unwrap();
    let n = problem.dimension(&wrt).at(0);
    let gradient = backend.space(n, Precision::F64).read(&evaluation.gradient.unwrap(), 0).unwrap();
    let product = |curvature| {
        let operator =
            DatasetOperator::new(backend, &problem, curvature, &wrt, &weights, &data, BATCH, usize::MAX).unwrap();
        let space = operator.space();
        let (mut x, mut y) = (space.zeros(1).unwrap(), space.zeros(1).unwrap());
        let v: Vec<f64> = (1..=n).map(|i| (i as f64).sin()).collect();
        space.write(&mut x, 0, &v).unwrap();
        operator.apply(x.all(), y.all_mut()).unwrap();
        space.read(&y, 0).unwrap()
    };
    let vectors = [gradient, product(Curvature::Hessian), product(Curvature::GaussNewton)];
    Measured { loss: evaluation.loss, vectors }
}

/// ‖a − b‖ / ‖b‖; zero where the two are equal, as where a saturated softmax has no curvature left.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    let apart = norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    if apart == 0.0 { 0.0 } else { apart / norm(&mut b.iter().copied()) }
}

/// A deep network with random weights magnifies rounding (a unit at the kink of its activation is on for one backend and off
/// for the other): in f32 the two may differ by so many times what one of them differs from f64.
const ROUNDINGS: f64 = 20.0;

fn agree(precision: Precision, tolerance: f64) {
    let mut failures = Vec::new();
    let mut worst = 0.0f64;
    // A TorchScript model has no graph, and no other backend runs it; it has a test of its own.
    for entry in registry::models().into_iter().filter(|e| e.name != "torchscript") {
        let one = [[3usize, 32, 32], [1, 28, 28]].into_iter().find_map(|input| {
            let task = Task { input: input.to_vec(), classes: 10 };
            let model = (entry.make)(&Options::default(), &task).ok()?;
            record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).ok().map(|g| (g, input))
        });
        let (graph, input) = one.unwrap_or_else(|| panic!("{} takes neither kind of image", entry.name));
        let on = |name: &str, precision: Precision| {
            let request = BackendRequest { device: "cpu".into(), precision, threads: None };
            let backend = (find::<BackendEntry>(name).unwrap().open)(&request).unwrap();
            measure(backend.as_ref(), &graph, input)
        };
        let (candle, tch) = (on("builtin/candle", precision), on("builtin/tch", precision));
        let exact = (precision == Precision::F32).then(|| on("builtin/candle", Precision::F64));
        let mut check = |what: &str, error: f64, rounding: f64| {
            worst = worst.max(error);
            if error.is_nan() || error > tolerance.max(ROUNDINGS * rounding) {
                failures.push(format!("{}: {what}: {error:.1e}, rounding {rounding:.1e}", entry.name));
            }
        };
        let off = |exact: f64, found: f64| ((found - exact) / exact).abs();
        let rounding = exact.as_ref().map_or(0.0, |e| off(e.loss, candle.loss));
        check("loss", off(candle.loss, tch.loss), rounding);
        for (i, what) in ["gradient", "H·v", "G·v"].into_iter().enumerate() {
            let rounding = exact.as_ref().map_or(0.0, |e| distance(&candle.vectors[i], &e.vectors[i]));
            check(what, distance(&tch.vectors[i], &candle.vectors[i]), rounding);
        }
    }
    println!("candle and tch in {precision}: worst {worst:.1e}");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn candle_and_libtorch_agree_in_double_precision() {
    agree(Precision::F64, 1e-11);
}

#[test]
fn candle_and_libtorch_agree_in_single_precision() {
    agree(Precision::F32, 1e-5);
}
