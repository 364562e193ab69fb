//! Candle's two ways to run a program, kernels for the CPU and operations for every device, on every built-in model: loss,
//! gradient, H·v, G·v and the per-sample H_x·v are the same numbers.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../core/tests/agreement/mod.rs"]
mod agreement;

use agreement::{Measured, ROUNDINGS, distance, network};
use hesse as _; // links the built-in models and the Candle backend
use hesse_candle::{CandleBackend, CandleTensors};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, Feed, HostTensor};
use hesse_core::graph::Graph;
use hesse_core::loss::Loss;
use hesse_core::operator::{Batch, Weights};
use hesse_core::program::{Problem, Wrt};
use hesse_core::registry;
use hesse_core::vectors::Precision;

const SAMPLES: usize = 3;
/// Two batches, the last one smaller.
const BATCH: usize = 2;

fn kernels(precision: Precision) -> CandleBackend {
    CandleBackend::new(&BackendRequest { device: "cpu".into(), precision, threads: None }).unwrap()
}

/// Loss, gradient, products with one direction, and those by the samples.
fn measure(backend: &dyn SecondOrderBackend, graph: &Graph, input: [usize; 3]) -> [(&'static str, Vec<f64>); 5] {
    let Measured { loss, vectors: [gradient, hessian, gauss_newton] } =
        agreement::measure(backend, graph, input, (SAMPLES, BATCH));
    let by_samples = input_product(backend, graph, &agreement::samples(SAMPLES, input));
    [("loss", vec![loss]), ("gradient", gradient), ("H·v", hessian), ("G·v", gauss_newton), ("H_x·v", by_samples)]
}

/// H_x·v of every sample of one batch.
fn input_product(backend: &dyn SecondOrderBackend, graph: &Graph, data: &Batch) -> Vec<f64> {
    let problem = Problem::new(graph.clone(), &Loss::default()).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
    let product = problem.hessian(&Wrt::Samples).unwrap();
    let samples = backend.upload(&data.samples).unwrap();
    let labels = backend.upload(&HostTensor::Index(data.labels.clone().unwrap())).unwrap();
    let n = problem.dimension(&Wrt::Samples).at(SAMPLES);
    let space = backend.space(n, backend.info().precision);
    let (mut x, mut y) = (space.zeros(1).unwrap(), space.zeros(1).unwrap());
    space.write(&mut x, 0, &(1..=n).map(|i| (i as f64).cos()).collect::<Vec<_>>()).unwrap();
    let mut primal = backend.compile(&product.primal, SAMPLES).unwrap();
    let mut saved = primal.new_saved().unwrap();
    let mut feed = Feed {
        parameters: Some(weights.parameters.all()),
        buffers: weights.buffers.as_ref().map(hesse_core::vectors::Block::all),
        samples: Some(&samples),
        labels: Some(&labels),
        ..Feed::default()
    };
    primal.run(&feed, None, Some(&mut saved)).unwrap();
    feed.direction = Some(x.all());
    feed.saved = Some(&saved);
    backend.compile(&product.tangent, SAMPLES).unwrap().run(&feed, Some(y.all_mut()), None).unwrap();
    space.read(&y, 0).unwrap()
}

fn agree(precision: Precision, tolerance: f64) {
    let mut failures = Vec::new();
    let mut worst = 0.0f64;
    // A TorchScript model has no graph. Of the deepest networks, whose blocks are those of the others, one is enough.
    let left_out = ["torchscript", "resnet32", "resnet44", "resnet56", "resnet110"];
    for entry in registry::models().into_iter().filter(|e| !left_out.contains(&e.name)) {
        let (graph, input) = network(&entry);
        let expected = measure(&kernels(precision), &graph, input);
        let found = measure(&CandleTensors::on_cpu(precision), &graph, input);
        let exact = (precision == Precision::F32).then(|| measure(&kernels(Precision::F64), &graph, input));
        for (i, ((what, expected), (_, found))) in expected.iter().zip(&found).enumerate() {
            let rounding = exact.as_ref().map_or(0.0, |e| distance(expected, &e[i].1));
            let error = distance(found, expected);
            worst = worst.max(error);
            if error.is_nan() || error > tolerance.max(ROUNDINGS * rounding) {
                failures.push(format!("{}: {what}: {error:.1e}, rounding {rounding:.1e}", entry.name));
            }
        }
    }
    println!("kernels and operations in {precision}: worst {worst:.1e}");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn kernels_and_operations_agree_in_double_precision() {
    agree(Precision::F64, 1e-11);
}

#[test]
fn kernels_and_operations_agree_in_single_precision() {
    agree(Precision::F32, 1e-5);
}

/// On a machine with a device and in a build for it, this is what conformance runs on.
#[test]
fn cuda_is_refused_with_the_cause_and_the_mend_where_it_cannot_be_had() {
    let entry = registry::find::<registry::BackendEntry>("candle").unwrap();
    let open = |device: &str| {
        (entry.open)(&BackendRequest { device: device.into(), precision: Precision::F32, threads: None })
    };
    match open("cuda") {
        Ok(backend) => assert!(hesse_core::device::Accelerator::of_details(&backend.info().details).is_some()),
        Err(error) => {
            let error = error.to_string();
            assert!(error.starts_with("backend candle: device 'cuda': "), "{error}");
            let mends = ["cargo xtask cuda build", "install one", "`nvidia-smi`"];
            assert!(mends.iter().any(|m| error.contains(m)), "{error}");
        }
    }
    let error = open("cuda:4096+fast").err().unwrap().to_string();
    assert!(error.contains("flag 'fast': expected tf32 or nondeterministic"), "{error}");
}
