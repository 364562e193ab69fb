//! What two ways to run the same network must agree in: loss, gradient, H·v and G·v over two batches.

use hesse_core::SecondOrderBackend;
use hesse_core::backend::HostTensor;
use hesse_core::graph::{Graph, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, Weights};
use hesse_core::options::Options;
use hesse_core::program::Problem;
use hesse_core::registry::ModelEntry;
use hesse_core::vectors::Precision;

/// The network of an entry in evaluation mode, for colour pictures where it takes them and else for grey ones.
pub fn network(entry: &ModelEntry) -> (Graph, [usize; 3]) {
    let one = [[3usize, 32, 32], [1, 28, 28]].into_iter().find_map(|input| {
        let task = Task { input: input.to_vec(), classes: 10 };
        let model = (entry.make)(&Options::default(), &task).ok()?;
        record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).ok().map(|g| (g, input))
    });
    one.unwrap_or_else(|| panic!("{} takes neither kind of image", entry.name))
}

/// Samples for it, with labels.
pub fn samples(count: usize, input: [usize; 3]) -> Batch {
    let pixels = (0..count * input.iter().product::<usize>()).map(|i| (i * 7919 % 251) as u8).collect();
    let labels = Some((0..count).map(|i| (i * 7 % 10) as u32).collect());
    Batch { samples: HostTensor::Pixels(pixels), labels, targets: None }
}

/// Loss, gradient, H·v and G·v.
pub struct Measured {
    pub loss: f64,
    pub vectors: [Vec<f64>; 3],
}

/// Measures them on `count` samples, `batch` at once.
pub fn measure(
    backend: &dyn SecondOrderBackend,
    graph: &Graph,
    input: [usize; 3],
    (count, batch): (usize, usize),
) -> Measured {
    let problem = Problem::new(graph.clone(), &Loss::default()).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
    let data = (count, samples(count, input));
    let wrt = problem.all_parameters();
    let mut evaluator = Evaluator::new(backend, &problem, Some(&wrt), batch).unwrap();
    let evaluation = evaluator.run(&weights, &data, &mut |_| {}).unwrap();
    let n = problem.dimension(&wrt).at(0);
    let gradient = backend.space(n, Precision::F64).read(&evaluation.gradient.unwrap(), 0).unwrap();
    let product = |curvature| {
        let operator =
            DatasetOperator::new(backend, &problem, curvature, &wrt, &weights, &data, batch, usize::MAX).unwrap();
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
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    let apart = norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    if apart == 0.0 { 0.0 } else { apart / norm(&mut b.iter().copied()) }
}

/// A deep network with random weights magnifies rounding (a unit at the kink of its activation is on for one backend and off
/// for the other): in f32 the two may differ by so many times what one of them differs from f64.
pub const ROUNDINGS: f64 = 20.0;
