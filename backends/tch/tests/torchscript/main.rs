//! Networks that come as TorchScript files, against the same networks as graphs of primitives: every program, with respect
//! to weights and to samples, up to third derivatives. The two share the losses and nothing of the network: one is
//! differentiated by libtorch's autograd, the other by Hesse's rules.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod archive;
mod networks;
mod programs;
mod refusals;

use hesse as _; // links the Candle backend
use hesse_core::backend::BackendRequest;
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Model, Normalization, Task, record};
use hesse_core::operator::{Batch, DatasetOperator, LinearOperator, Weights};
use hesse_core::options::Options;
use hesse_core::program::{Curvature, Problem, Wrt};
use hesse_core::registry::{ModelEntry, find};
use hesse_core::vectors::Precision;
use hesse_tch::TchBackend;
use networks::{CLASSES, INPUT, Network};
use programs::Bench;
use std::path::Path;

fn task() -> Task {
    Task { input: INPUT.to_vec(), classes: CLASSES }
}

fn made(file: &Path, task: &Task) -> Result<Box<dyn Model>, String> {
    let entry = find::<ModelEntry>("builtin/torchscript").unwrap();
    let options = Options::declared(&file.display().to_string(), entry.options).map_err(|e| e.to_string())?;
    (entry.make)(&options, task).map_err(|e| e.to_string())
}

fn tch(precision: Precision) -> TchBackend {
    TchBackend::new(&BackendRequest { device: "cpu".into(), precision, threads: Some(1) }).unwrap()
}

/// Pixels are shifted and scaled first, so that the file's samples are computed and no input.
fn normalization() -> Normalization {
    Normalization { mean: vec![0.4, 0.6], deviation: vec![0.5, 0.25] }
}

/// The problem of a file, that of the same graph, and the file's values.
fn both(network: &Network, loss: &Loss, normalized: bool) -> (Problem, Problem, Vec<(String, Vec<f64>)>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    archive::write(&file, &network.module);
    // The file may go once it has been opened for every program, not before.
    let file = Box::leak(Box::new((folder, file)));
    let model = made(&file.1, &task()).unwrap();
    let normalization = if normalized { normalization() } else { Normalization::default() };
    let scripted = record(model.as_ref(), &task(), &normalization, Mode::Eval).unwrap();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&INPUT).unwrap();
    let x = match normalized {
        true => g.normalize(x, &normalization.mean, &normalization.deviation).unwrap(),
        false => x,
    };
    let y = (network.record)(&mut g, x).unwrap();
    let plain = g.finish(y).unwrap();
    let values = model.values().unwrap();
    (Problem::new(scripted, loss).unwrap(), Problem::new(plain, loss).unwrap(), values)
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

#[test]
fn names_shapes_and_values_are_those_of_the_module() {
    for network in networks::all() {
        let (scripted, plain, values) = both(&network, &Loss::default(), true);
        let names = |p: &Problem| {
            let parameters = p.graph().parameters().iter().map(|p| (p.name.clone(), p.shape.clone()));
            parameters.chain(p.graph().buffers().iter().map(|b| (b.name.clone(), b.shape.clone()))).collect::<Vec<_>>()
        };
        assert_eq!(names(&scripted), names(&plain), "{}", network.name);
        assert_eq!(values.len(), names(&plain).len());
    }
    let (_, _, values) = both(&networks::all()[1], &Loss::default(), true);
    let mean = values.iter().find(|v| v.0 == "bn.running_mean").unwrap();
    assert_eq!(mean.1, archive::numbers(3, 8, 0.3).iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
}

fn agree(precision: Precision, tolerance: f64) {
    let backend = tch(precision);
    let smooth = Loss::CrossEntropy { label_smoothing: 0.1, class_weights: None, ignored_label: None };
    for network in networks::all() {
        for (loss, normalized) in [
            (Loss::default(), true),
            (Loss::default(), false),
            (smooth.clone(), true),
            (Loss::SquaredErrorOneHot, false),
        ] {
            let (scripted, plain, values) = both(&network, &loss, normalized);
            let (a, b) = (Bench::new(&backend, &scripted, &values), Bench::new(&backend, &plain, &values));
            let check = |what: &str, error: f64| {
                assert!(error <= tolerance, "{}, {loss:?}: {what}: {error:.1e}", network.name);
            };
            check("loss", apart(&a.program(&scripted.loss().unwrap()), &b.program(&plain.loss().unwrap())));
            let some = scripted.parameters_matching("*.weight").unwrap();
            let all = scripted.all_parameters();
            for wrt in [&all, &some, &Wrt::Samples] {
                let of = |p: &Problem| {
                    let products = vec![
                        ("H·v", p.hessian(wrt).unwrap()),
                        ("G·v", p.gauss_newton(wrt).unwrap()),
                        ("J·v", p.jacobian(wrt).unwrap()),
                        ("Jᵀ·v", p.jacobian_transpose(wrt).unwrap()),
                        ("F·v", p.curvature(Curvature::EmpiricalFisher, wrt).unwrap()),
                        ("mixed", p.mixed(wrt, &Wrt::Samples).unwrap()),
                    ];
                    (p.gradient(wrt).unwrap(), products)
                };
                let ((ga, pa), (gb, pb)) = (of(&scripted), of(&plain));
                check("gradient", apart(&a.program(&ga), &b.program(&gb)));
                for ((what, pa), (_, pb)) in pa.into_iter().zip(pb) {
                    check(what, apart(&a.product(&pa).unwrap(), &b.product(&pb).unwrap()));
                }
            }
            let curvature = |p: &Problem| p.output_curvature(programs::BATCH).unwrap();
            check("∇²z", apart(&a.product(&curvature(&scripted)).unwrap(), &b.product(&curvature(&plain)).unwrap()));
            // What attacks ask for: the primal part keeps nothing but the recorded call.
            let pulled = |p: &Problem| p.pull_back(&Wrt::Samples).unwrap();
            check("pull-back", apart(&a.product(&pulled(&scripted)).unwrap(), &b.product(&pulled(&plain)).unwrap()));
            let trades = |p: &Problem| p.trades(&all, 2.0).unwrap();
            check("TRADES", apart(&a.program(&trades(&scripted)), &b.program(&trades(&plain))));
            // A third derivative.
            let cure = |p: &Problem| p.curvature_regularized(&all, 0.3).unwrap();
            check("CURE", apart(&a.program(&cure(&scripted)), &b.program(&cure(&plain))));
        }
    }
}

#[test]
fn every_program_gives_the_numbers_of_the_same_graph_in_double_precision() {
    agree(Precision::F64, 1e-11);
}

#[test]
fn every_program_gives_the_numbers_of_the_same_graph_in_single_precision() {
    agree(Precision::F32, 2e-4);
}

#[test]
fn kept_or_not_a_products_numbers_are_the_same_and_what_is_kept_is_counted() {
    let backend = tch(Precision::F64);
    let (scripted, _, values) = both(&networks::all()[1], &Loss::default(), true);
    let of = |name: &String| values.iter().find(|v| v.0 == *name).unwrap().1.clone();
    let parameters: Vec<Vec<f64>> = scripted.graph().parameters().iter().map(|p| of(&p.name)).collect();
    let buffers: Vec<Vec<f64>> = scripted.graph().buffers().iter().map(|b| of(&b.name)).collect();
    let weights = Weights::upload(&backend, scripted.graph(), &parameters, &buffers).unwrap();
    let count = 600;
    let pixels = (0..count * 72).map(|i| (i * 7919 % 251) as u8).collect();
    let labels = Some((0..count as u32).map(|i| i * 7 % 4).collect());
    let data = (count, Batch { samples: hesse_core::backend::HostTensor::Pixels(pixels), labels, targets: None });
    let product = |batch, budget| {
        let wrt = scripted.all_parameters();
        let hessian = Curvature::Hessian;
        let operator =
            DatasetOperator::new(&backend, &scripted, hessian, &wrt, &weights, &data, batch, budget).unwrap();
        let space = operator.space();
        let (mut x, mut y) = (space.zeros(1).unwrap(), space.zeros(1).unwrap());
        space.write(&mut x, 0, &(1..=space.dimension()).map(|i| (i as f64).sin()).collect::<Vec<_>>()).unwrap();
        for _ in 0..2 {
            operator.apply(x.all(), y.all_mut()).unwrap();
        }
        (space.read(&y, 0).unwrap(), operator.cache_report())
    };
    let ((kept, report), (again, none)) = (product(300, usize::MAX), product(300, 0));
    assert_eq!((report.kept, none.kept), (2, 0));
    assert_eq!(kept, again);
    assert!(apart(&kept, &product(130, usize::MAX).0) < 1e-13);
    // The record holds at least the input of the activation for each sample, 3·6·6 numbers, and its derivative.
    assert!(report.bytes > count * 108 * 8 * 2, "{} bytes", report.bytes);
}
