//! Trace and diagonal without probes, against dense Hessians and Gauss-Newton matrices, and which networks allow it.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use hesse as _; // links the built-in networks and backends
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::{GraphBuilder, Init, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{
    Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, OperatorError, Weights, exact_diagonal,
};
use hesse_core::program::{Problem, Wrt};
use hesse_core::random::{Purpose, Stream};
use hesse_core::registry::{BackendEntry, ModelEntry, find};
use hesse_core::vectors::Precision;

const SAMPLES: usize = 5;

fn backend(precision: Precision) -> Box<dyn SecondOrderBackend> {
    let request = BackendRequest { device: "cpu".into(), precision, threads: Some(1) };
    (find::<BackendEntry>("candle").unwrap().open)(&request).unwrap()
}

fn network(name: &str, options: &str, task: &Task, mode: Mode) -> Problem {
    with_loss(name, options, task, mode, &Loss::default())
}

fn with_loss(name: &str, options: &str, task: &Task, mode: Mode, loss: &Loss) -> Problem {
    let model = (find::<ModelEntry>(name).unwrap().make)(&options.parse().unwrap(), task).unwrap();
    Problem::new(record(model.as_ref(), task, &Normalization::default(), mode).unwrap(), loss).unwrap()
}

fn small() -> Task {
    Task { input: vec![1, 3, 3], classes: 4 }
}

fn data(task: &Task) -> (usize, Batch) {
    let mut stream = Stream::new(11, Purpose::Data, 0);
    let labels: Vec<u32> = (0..SAMPLES).map(|_| stream.below(task.classes as u64) as u32).collect();
    let samples = (0..SAMPLES * task.input.iter().product::<usize>()).map(|_| stream.normal()).collect();
    (SAMPLES, Batch { samples: HostTensor::Real(samples), labels: Some(labels), targets: None })
}

fn weights(backend: &dyn SecondOrderBackend, problem: &Problem) -> Weights {
    let (parameters, buffers) = Weights::initial(problem.graph(), 3);
    Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap()
}

/// The diagonal by one product for each entry.
fn dense(
    backend: &dyn SecondOrderBackend,
    problem: &Problem,
    curvature: Curvature,
    wrt: &Wrt,
    task: &Task,
) -> Vec<f64> {
    let (weights, data) = (weights(backend, problem), data(task));
    let operator =
        DatasetOperator::new(backend, problem, curvature, wrt, &weights, &data, SAMPLES, usize::MAX).unwrap();
    let (space, n) = (operator.space(), operator.dimension());
    let (mut x, mut y) = (space.zeros(1).unwrap(), space.zeros(1).unwrap());
    (0..n)
        .map(|i| {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            space.write(&mut x, 0, &unit).unwrap();
            operator.apply(x.all(), y.all_mut()).unwrap();
            space.read(&y, 0).unwrap()[i]
        })
        .collect()
}

/// Without probes: the trace alone, and the trace with the entries.
fn exact(backend: &dyn SecondOrderBackend, problem: &Problem, wrt: &Wrt, task: &Task) -> (f64, f64, Vec<f64>) {
    let (weights, data) = (weights(backend, problem), data(task));
    let evaluation = Evaluator::new(backend, problem, None, 2).unwrap().run(&weights, &data, &mut |_| {}).unwrap();
    let found = |entries| {
        exact_diagonal((backend, problem, &weights), wrt, &data, evaluation.weight, entries, &mut |_| true).unwrap()
    };
    let (plain, whole) = (found(false), found(true));
    assert!(plain.diagonal.is_none() && plain.backward_passes == whole.backward_passes);
    (plain.trace, whole.trace, whole.diagonal.unwrap())
}

fn agree(found: &[f64], expected: &[f64], bound: f64, what: &str) {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    let (size, apart) =
        (norm(&mut expected.iter().copied()), norm(&mut found.iter().zip(expected).map(|(a, b)| a - b)));
    assert!(found.len() == expected.len() && size > 0.0 && apart <= bound * size, "{what}: {apart:e} of {size:e}");
}

#[test]
fn on_relu_networks_it_is_the_hessian() {
    let backend = backend(Precision::F64);
    for (name, options, task) in
        [("mlp", "hidden=7x5", small()), ("resnet20", "width=0.125", Task { input: vec![3, 8, 8], classes: 3 })]
    {
        let problem = network(name, options, &task, Mode::Eval);
        let all = problem.all_parameters();
        assert!(problem.is_linear_in_each_parameter(&all), "{name}");
        let hessian = dense(backend.as_ref(), &problem, Curvature::Hessian, &all, &task);
        let (trace, sum, diagonal) = exact(backend.as_ref(), &problem, &all, &task);
        agree(&diagonal, &hessian, 1e-12, name);
        let expected: f64 = hessian.iter().sum();
        agree(&[trace, sum], &[expected, expected], 1e-12, name);
    }
}

#[test]
fn on_smooth_networks_it_is_the_gauss_newton_matrix_and_not_the_hessian() {
    let (backend, task) = (backend(Precision::F64), small());
    let problem = network("mlp", "hidden=7,activation=tanh", &task, Mode::Eval);
    let all = problem.all_parameters();
    assert!(!problem.is_linear_in_each_parameter(&all));
    let (_, _, diagonal) = exact(backend.as_ref(), &problem, &all, &task);
    agree(&diagonal, &dense(backend.as_ref(), &problem, Curvature::GaussNewton, &all, &task), 1e-12, "G");
    let hessian = dense(backend.as_ref(), &problem, Curvature::Hessian, &all, &task);
    assert!(hessian.iter().zip(&diagonal).any(|(h, g)| (h - g).abs() > 1e-3), "H has the diagonal of G");
}

#[test]
fn some_of_the_parameters_weights_of_classes_and_other_losses_are_as_in_the_products() {
    let (backend, task) = (backend(Precision::F64), small());
    let weighted = Loss::CrossEntropy {
        label_smoothing: 0.2,
        class_weights: Some(vec![1.0, 3.0, 0.5, 2.0]),
        ignored_label: Some(1),
    };
    for loss in [Loss::default(), weighted, Loss::SquaredErrorOneHot] {
        let problem = with_loss("mlp", "hidden=6", &task, Mode::Eval, &loss);
        let some = Wrt::Parameters(vec![1, 2]);
        let hessian = dense(backend.as_ref(), &problem, Curvature::Hessian, &some, &task);
        agree(&exact(backend.as_ref(), &problem, &some, &task).2, &hessian, 1e-12, &format!("{loss:?}"));
    }
}

#[test]
fn in_f32_it_is_right_to_its_rounding() {
    let (backend, task) = (backend(Precision::F32), small());
    let problem = network("mlp", "hidden=7x5", &task, Mode::Eval);
    let all = problem.all_parameters();
    let (trace, sum, diagonal) = exact(backend.as_ref(), &problem, &all, &task);
    let expected = exact(self::backend(Precision::F64).as_ref(), &problem, &all, &task);
    agree(&diagonal, &expected.2, 1e-5, "entries");
    agree(&[trace, sum], &[expected.0, expected.0], 1e-5, "trace");
}

#[test]
fn a_parameter_that_is_used_twice_or_normalised_by_the_batch_is_not_linear() {
    // x W, (x W) W and their sum.
    let tied = |which: usize| {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[3]).unwrap();
        let w = g.parameter("w", &[3, 3], Init::FanIn { fan_in: 3 }).unwrap();
        let once = g.matmul(x, false, w, false).unwrap();
        let twice = g.matmul(once, false, w, false).unwrap();
        let sum = g.add(once, twice).unwrap();
        Problem::new(g.finish([once, twice, sum][which]).unwrap(), &Loss::default()).unwrap()
    };
    for (which, linear) in [(0, true), (1, false), (2, false)] {
        let problem = tied(which);
        assert_eq!(problem.is_linear_in_each_parameter(&problem.all_parameters()), linear, "{which}");
    }

    let task = Task { input: vec![3, 8, 8], classes: 3 };
    let problem = network("resnet20", "width=0.125", &task, Mode::Train);
    assert!(!problem.is_linear_in_each_parameter(&problem.all_parameters()));
    let backend = backend(Precision::F64);
    let (weights, data) = (weights(backend.as_ref(), &problem), data(&task));
    let found = exact_diagonal(
        (backend.as_ref(), &problem, &weights),
        &problem.all_parameters(),
        &data,
        5.0,
        false,
        &mut |_| true,
    );
    assert!(found.unwrap_err().to_string().contains("samples that do not see each other"));
}

#[test]
fn it_stops_where_it_is_told_to() {
    let (backend, task) = (backend(Precision::F64), small());
    let problem = network("mlp", "hidden=7", &task, Mode::Eval);
    let (weights, data) = (weights(backend.as_ref(), &problem), data(&task));
    let mut seen = Vec::new();
    let mut progress = |done| {
        seen.push(done);
        done < 2
    };
    let all = problem.all_parameters();
    let found = exact_diagonal((backend.as_ref(), &problem, &weights), &all, &data, 5.0, false, &mut progress);
    assert!(matches!(found, Err(OperatorError::Interrupted)));
    assert_eq!(seen, [1, 2]);
}
