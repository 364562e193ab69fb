//! Every built-in crate, linked in and loaded: the same listings and the same bits.

use crate::built::library;
use hesse_core::SecondOrderBackend;
use hesse_core::attack::{AttackRequest, Goal, InputOracle, NetworkOracle, Norm, ThreatModel, losses};
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::eigen::{Control, EigenRequest};
use hesse_core::graph::Mode;
use hesse_core::host::HostOperator;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, Weights};
use hesse_core::options::Options;
use hesse_core::program::Problem;
use hesse_core::registry::{AttackEntry, BackendEntry, Entry, Listed, ModelEntry, SolverEntry, all, find};
use hesse_core::vectors::Precision;

fn same_listing<E: Entry>(loaded: &[Listed<E>]) {
    for entry in loaded {
        let linked = all::<E>().into_iter().find(|e| e.name() == entry.name() && e.library.is_none()).unwrap();
        assert_eq!(entry.summary(), linked.summary());
        assert_eq!(entry.license(), linked.license());
        assert_eq!(entry.options(), linked.options());
        assert_eq!(entry.library.unwrap().version, env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn listings_do_not_depend_on_how_a_crate_came() {
    let attacks = ["gradient_attacks", "minimal_attacks", "score_attacks", "second_order_attacks", "autoattack"];
    let solvers = ["lanczos", "krylov_schur", "power_iteration", "lobpcg", "chebyshev", "block_krylov"];
    let others = ["mlp", "convnet", "resnet", "vit", "candle"];
    for name in solvers.into_iter().chain(others).chain(attacks) {
        let library = library(name);
        assert!(!library.is_empty(), "{name}");
        same_listing(&library.models);
        same_listing(&library.solvers);
        same_listing(&library.attacks);
        same_listing(&library.backends);
    }
}

#[test]
fn every_loaded_model_records_the_graph_of_the_linked_one() {
    let mut compared = 0;
    for name in ["mlp", "convnet", "resnet", "vit"] {
        for loaded in &library(name).models {
            let linked = all::<ModelEntry>().into_iter().find(|e| e.name() == loaded.name()).unwrap();
            for (input, options) in [([1, 28, 28], ""), ([3, 32, 32], ""), ([3, 32, 32], "activation=tanh,classes=7")] {
                let options: Options = options.parse().unwrap();
                let task = Task { input: input.to_vec(), classes: 10 };
                let normalization = Normalization { mean: vec![0.4], deviation: vec![0.2] };
                for mode in [Mode::Eval, Mode::Train] {
                    let graph = |entry: &Listed<ModelEntry>| {
                        let model = (entry.make)(&options, &task).map_err(|e| e.to_string())?;
                        record(model.as_ref(), &task, &normalization, mode).map_err(|e| e.to_string())
                    };
                    match (graph(loaded), graph(&linked)) {
                        (Ok(a), Ok(b)) => {
                            assert_eq!(a.content_hash(), b.content_hash(), "{}", loaded.name());
                            assert_eq!(a, b);
                            compared += 1;
                        }
                        // What one refuses the other refuses, for the same reason.
                        (Err(a), Err(b)) => assert!(a.contains(&b) || b.contains(&a), "{a} / {b}"),
                        (a, b) => panic!("{}: {:?} {:?}", loaded.name(), a.err(), b.err()),
                    }
                }
            }
        }
    }
    assert!(compared > 40, "only {compared} graphs were compared");
}

#[test]
fn the_loaded_solver_returns_the_bits_of_the_linked_one() {
    let loaded = library("lanczos").solvers[0];
    let linked = find::<SolverEntry>("builtin/lanczos").unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let operator = HostOperator::new(300, precision, |x: &[f64]| {
            x.iter().enumerate().map(|(i, v)| v * ((i as f64 * 0.37).sin() * 5.0 + 1.0 / (1.0 + i as f64))).collect()
        });
        let request = EigenRequest { largest: 5, smallest: 3, tolerance: 1e-5, max_products: 2000, seed: 3 };
        let solve = |entry: &Listed<SolverEntry>| {
            let solver = (entry.make)(&"basis=24".parse().unwrap()).unwrap();
            let mut events = 0;
            let result = solver
                .solve(&operator, &request, &mut |_| {
                    events += 1;
                    Control::Continue
                })
                .unwrap();
            let space = operator.space();
            let vectors: Vec<Vec<f64>> =
                (0..result.vectors.columns()).map(|c| space.read(&result.vectors, c).unwrap()).collect();
            let values: Vec<f64> = result.largest.iter().chain(&result.smallest).map(|p| p.value).collect();
            assert!(result.remarks.is_empty(), "{:?}", result.remarks);
            assert!(result.largest.iter().chain(&result.smallest).all(|p| p.converged));
            (values, vectors, result.reason, result.statistics.restarts, events)
        };
        assert_eq!(solve(&loaded), solve(&linked));
    }
}

#[test]
fn every_loaded_attack_returns_the_bits_of_the_linked_one() {
    let backend = (find::<BackendEntry>("builtin/candle").unwrap().open)(&BackendRequest {
        device: "cpu".into(),
        precision: Precision::F32,
        threads: Some(1),
    })
    .unwrap();
    let task = Task { input: vec![1, 6, 6], classes: 5 };
    let entry = find::<ModelEntry>("builtin/mlp").unwrap();
    let model = (entry.make)(&"hidden=12,activation=tanh".parse().unwrap(), &task).unwrap();
    let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).unwrap();
    let (parameters, buffers) = Weights::initial(&graph, 1);
    let weights = Weights::upload(backend.as_ref(), &graph, &parameters, &buffers).unwrap();
    let oracle = NetworkOracle::new(backend.as_ref(), graph, &weights, 8).unwrap();
    let samples: Vec<f64> = (0..6 * 36).map(|i| f64::from(i * 31 % 97) / 97.0).collect();
    let z = oracle.logits(&samples).unwrap();
    let labels: Vec<u32> = z.chunks(5).map(|z| losses::prediction(z).unwrap()).collect();
    let indices: Vec<usize> = (0..6).collect();
    let mut compared = Vec::new();
    for library in ["gradient_attacks", "minimal_attacks", "score_attacks", "autoattack"].map(library) {
        for loaded in &library.attacks {
            let linked = find::<AttackEntry>(&format!("builtin/{}", loaded.name())).unwrap();
            let short: Vec<&str> = [("steps", "steps=7"), ("queries", "queries=20"), ("searches", "searches=2")]
                .into_iter()
                .filter(|(key, _)| loaded.options().iter().any(|o| o.name == *key))
                .map(|(_, option)| option)
                .collect();
            let options: Options = short.join(",").parse().unwrap();
            for norm in [Norm::Linf, Norm::L2, Norm::L1] {
                let request = AttackRequest {
                    samples: &samples,
                    labels: &labels,
                    goal: Goal::Untargeted,
                    threat: ThreatModel { norm, lower: 0.0, upper: 1.0 },
                    epsilon: if norm == Norm::Linf { 0.05 } else { 0.8 },
                    indices: &indices,
                    seed: 4,
                };
                let run = |entry: &Listed<AttackEntry>| {
                    let mut steps = 0;
                    let attack = (entry.make)(&options).unwrap();
                    let budget = attack.budget();
                    let found = attack.run(&oracle, &request, &mut |_| {
                        steps += 1;
                        Control::Continue
                    });
                    (found.map_err(|e| e.to_string()), steps, budget)
                };
                let (a, b) = (run(loaded), run(&linked));
                match (&a.0, &b.0) {
                    (Err(a), Err(b)) => assert!(a.contains(b.as_str()), "{a} / {b}"),
                    _ => assert_eq!(a, b, "{} {norm}", loaded.name()),
                }
                assert!(a.0.is_err() || a.1 > 0, "{} {norm}", loaded.name());
            }
            compared.push(loaded.name());
        }
    }
    // The library of the composed attack offers it alone, though its parts are linked into it.
    let all: Vec<&str> = hesse_core::registry::attacks().iter().map(|e| e.name()).collect();
    assert!(compared.iter().all(|name| all.contains(name)) && compared.len() >= 12, "{compared:?}");
    assert_eq!(library("autoattack").attacks.iter().map(|e| e.name()).collect::<Vec<_>>(), ["autoattack"]);
}

/// Loss, gradient and one Hessian product of a small network.
fn measure(backend: &dyn SecondOrderBackend, budget: usize) -> (f64, Vec<f64>, Vec<f64>) {
    let task = Task { input: vec![1, 12, 12], classes: 4 };
    let entry = find::<ModelEntry>("mlp").unwrap();
    let model = (entry.make)(&"hidden=9x8,activation=tanh".parse().unwrap(), &task).unwrap();
    let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).unwrap();
    let problem = Problem::new(graph, &Loss::default()).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
    let samples = (0..7 * 144).map(|i| (i * 31 % 97) as f64 / 97.0).collect();
    let batch =
        Batch { samples: HostTensor::Real(samples), labels: Some((0..7).map(|i| i % 4).collect()), targets: None };
    let data = (7, batch);
    let wrt = problem.all_parameters();
    let mut evaluator = Evaluator::new(backend, &problem, Some(&wrt), 3).unwrap();
    let evaluation = evaluator.run(&weights, &data, &mut |_| {}).unwrap();
    let operator =
        DatasetOperator::new(backend, &problem, Curvature::Hessian, &wrt, &weights, &data, 3, budget).unwrap();
    let space = operator.space();
    let n = operator.dimension();
    let mut x = space.zeros(2).unwrap();
    for column in 0..2 {
        let v: Vec<f64> = (0..n).map(|i| ((i + column) as f64).sin()).collect();
        space.write(&mut x, column, &v).unwrap();
    }
    let mut y = space.zeros(2).unwrap();
    operator.apply(x.all(), y.all_mut()).unwrap();
    let double = backend.space(n, Precision::F64);
    let gradient = double.read(&evaluation.gradient.unwrap(), 0).unwrap();
    let products = (0..2).flat_map(|c| space.read(&y, c).unwrap()).collect();
    (evaluation.loss, gradient, products)
}

#[test]
fn the_loaded_backend_computes_the_bits_of_the_linked_one() {
    let loaded = library("candle").backends[0];
    let linked = find::<BackendEntry>("builtin/candle").unwrap();
    assert_eq!((loaded.devices)(), (linked.devices)());
    for precision in [Precision::F32, Precision::F64] {
        for budget in [0, usize::MAX] {
            let request = BackendRequest { device: "cpu".into(), precision, threads: Some(2) };
            let (a, b) = ((loaded.open)(&request).unwrap(), (linked.open)(&request).unwrap());
            assert_eq!(a.info(), b.info());
            assert_eq!(measure(a.as_ref(), budget), measure(b.as_ref(), budget), "{precision}");
        }
    }
    let request = BackendRequest { device: "abacus".into(), precision: Precision::F32, threads: None };
    let error = (loaded.open)(&request).err().unwrap().to_string();
    assert!(error.contains("abacus"), "{error}");
}
