//! Models linear in their parameters, whose Hessians are on paper, over data sets whose batches do not divide.

use super::Open;
use crate::oracle::dense::Columns;
use crate::suite::compare::Verdict;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::HostTensor;
use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, Graph, GraphBuilder, Mode, ValueId};
use hesse_core::loss::Loss;
use hesse_core::operator::{Batch, Curvature, DatasetOperator, LinearOperator, Weights};
use hesse_core::program::Problem;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

/// What rounding leaves: a sum of 23 outer products.
const EXACT: f64 = 1e-12;
pub const SAMPLES: usize = 23;
const INPUTS: usize = 4;
const CLASSES: usize = 3;

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Data, 0);
    (0..count).map(|_| stream.normal()).collect()
}

pub fn network(record: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>) -> Graph {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[INPUTS]).unwrap();
    let z = record(&mut g, x).unwrap();
    g.finish(z).unwrap()
}

/// Σ_i of `weight(i)`-scaled outer products x_i x_iᵀ, column by column.
fn moments(x: &[f64], width: usize, weight: impl Fn(usize) -> f64) -> Columns {
    let entry = |a: usize, b: usize| x.chunks(width).enumerate().map(|(i, x)| weight(i) * x[a] * x[b]).sum();
    (0..width).map(|b| (0..width).map(|a| entry(a, b)).collect()).collect()
}

/// The whole matrix, by unit directions.
pub fn dense_operator(
    backend: &dyn SecondOrderBackend,
    problem: &Problem,
    curvature: Curvature,
    weights: &[f64],
    data: &(usize, Batch),
    batch: usize,
    budget: usize,
) -> Columns {
    let sizes = problem.graph().parameters().iter().map(|p| p.elements());
    let mut rest = weights;
    let parts: Vec<Vec<f64>> = sizes
        .map(|n| {
            let (part, after) = rest.split_at(n);
            rest = after;
            part.to_vec()
        })
        .collect();
    let weights = Weights::upload(backend, problem.graph(), &parts, &[]).unwrap();
    let wrt = problem.all_parameters();
    let h = DatasetOperator::new(backend, problem, curvature, &wrt, &weights, data, batch, budget).unwrap();
    let n = h.dimension();
    let (mut x, mut y) = (h.space().zeros(n).unwrap(), h.space().zeros(n).unwrap());
    for j in 0..n {
        let unit: Vec<f64> = (0..n).map(|i| if i == j { 1.0 } else { 0.0 }).collect();
        h.space().write(&mut x, j, &unit).unwrap();
    }
    // The first product fills the cache, the second reads it.
    h.apply(x.all(), y.all_mut()).unwrap();
    let first: Columns = (0..n).map(|j| h.space().read(&y, j).unwrap()).collect();
    h.apply(x.all(), y.all_mut()).unwrap();
    let second: Columns = (0..n).map(|j| h.space().read(&y, j).unwrap()).collect();
    assert_eq!(first, second, "the second product differs from the first");
    let report = h.cache_report();
    assert_eq!(report.batches, data.0.div_ceil(batch));
    assert!(report.bytes <= budget && (budget > 0 || report.kept == 0), "{report:?}");
    assert!(budget < usize::MAX || report.kept == report.batches, "{report:?}");
    first
}

/// A model linear in its parameters, where H and G are equal and known.
struct Regression {
    name: String,
    graph: Graph,
    loss: Loss,
    weights: Vec<f64>,
    data: (usize, Batch),
    expected: Columns,
}

impl Regression {
    fn check(&self, verdict: &mut Verdict, open: Open<'_>) {
        let backend = open(Precision::F64);
        let problem = Problem::new(self.graph.clone(), &self.loss).unwrap();
        for batch in [1, 5, 8, SAMPLES, 100] {
            for curvature in [Curvature::Hessian, Curvature::GaussNewton] {
                let (b, w) = (backend.as_ref(), &self.weights);
                let h = dense_operator(b, &problem, curvature, w, &self.data, batch, usize::MAX).concat();
                let what = || format!("{}, {curvature:?}, batches of {batch}", self.name);
                verdict.close(what, &h, &self.expected.concat(), EXACT);
            }
        }
    }
}

pub fn linear_regression_has_its_closed_form(open: Open<'_>) {
    let mut verdict = Verdict::default();
    for size in [1e-4, 1.0, 1e4] {
        let x: Vec<f64> = normals(SAMPLES * INPUTS, 1).iter().map(|v| size * v).collect();
        let targets = normals(SAMPLES, 2);
        let data =
            (SAMPLES, Batch { samples: HostTensor::Real(x.clone()), labels: None, targets: Some(targets.clone()) });
        let regression = Regression {
            name: format!("inputs of size {size:e}"),
            graph: network(|g, x| g.linear_no_bias("fc", x, 1)),
            loss: Loss::SquaredError,
            weights: normals(INPUTS, 3),
            data,
            expected: moments(&x, INPUTS, |_| 2.0 / SAMPLES as f64),
        };
        regression.check(&mut verdict, open);
    }
    // With a bias, which is a column of ones.
    let x = normals(SAMPLES * INPUTS, 1);
    let wide: Vec<f64> = x.chunks(INPUTS).flat_map(|x| x.iter().copied().chain([1.0])).collect();
    let data = (SAMPLES, Batch { samples: HostTensor::Real(x), labels: None, targets: Some(normals(SAMPLES, 2)) });
    let regression = Regression {
        name: "with bias".into(),
        graph: network(|g, x| g.linear("fc", x, 1)),
        loss: Loss::SquaredError,
        weights: normals(INPUTS + 1, 3),
        data,
        expected: moments(&wide, INPUTS + 1, |_| 2.0 / SAMPLES as f64),
    };
    regression.check(&mut verdict, open);
    verdict.pronounce("linear regression", open(Precision::F64).info().name);
}

pub fn logistic_regression_has_its_closed_form(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let (x, w) = (normals(SAMPLES * INPUTS, 4), normals(INPUTS, 5));
    let labels: Vec<u32> = (0..SAMPLES as u32).map(|i| i % 2).collect();
    let slope = |i: usize| {
        let z: f64 = x[i * INPUTS..(i + 1) * INPUTS].iter().zip(&w).map(|(x, w)| x * w).sum();
        1.0 / ((1.0 + z.exp()) * (1.0 + (-z).exp()))
    };
    let expected = moments(&x, INPUTS, |i| slope(i) / SAMPLES as f64);
    // Two classes with outputs 0 and w·x.
    let graph = network(|g, x| {
        let z = g.linear_no_bias("fc", x, 1)?;
        let shape = g.shape(z).clone();
        let zero = g.fill(0.0, shape)?;
        g.concat(1, &[zero, z])
    });
    assert_eq!(graph.shape(graph.output().unwrap()).dims()[1], Dim::Fixed(2));
    let data = (SAMPLES, Batch { samples: HostTensor::Real(x.clone()), labels: Some(labels), targets: None });
    let loss = Loss::default();
    let regression = Regression { name: "two classes".into(), graph, loss, weights: w, data, expected };
    regression.check(&mut verdict, open);
    verdict.pronounce("logistic regression", open(Precision::F64).info().name);
}

/// (1/Σw) Σ_i a_i (diag p − ppᵀ) ⊗ xxᵀ with the classes outermost.
fn softmax_hessian(x: &[f64], w: &[f64], factor: impl Fn(usize) -> f64, weight: f64) -> Columns {
    let n = CLASSES * INPUTS;
    let mut h = vec![vec![0.0; n]; n];
    for (i, x) in x.chunks(INPUTS).enumerate() {
        let z: Vec<f64> = w.chunks(INPUTS).map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum()).collect();
        let total: f64 = z.iter().map(|z: &f64| z.exp()).sum();
        let p: Vec<f64> = z.iter().map(|z| z.exp() / total).collect();
        for (j, column) in h.iter_mut().enumerate() {
            for (k, entry) in column.iter_mut().enumerate() {
                let (c, d) = (j / INPUTS, k / INPUTS);
                let spread = if c == d { p[c] } else { 0.0 } - p[c] * p[d];
                *entry += factor(i) * spread * x[j % INPUTS] * x[k % INPUTS] / weight;
            }
        }
    }
    h
}

pub fn softmax_regression_has_its_closed_form(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let (x, w) = (normals(SAMPLES * INPUTS, 6), normals(CLASSES * INPUTS, 7));
    let graph = network(|g, x| g.linear_no_bias("fc", x, CLASSES));
    let class_weights = [0.25, 1.0, 3.0];
    for (smoothing, weighted, ignored) in [
        (0.0, false, None),
        (0.0, true, None),
        (0.0, false, Some(255)),
        (0.0, true, Some(2)),
        (0.15, false, None),
        (0.15, true, Some(255)),
    ] {
        let labels: Vec<u32> = (0..SAMPLES as u32)
            .map(|i| if i % 4 == 3 { ignored.unwrap_or(0) } else { i * 7 % CLASSES as u32 })
            .collect();
        let weights = if weighted { class_weights } else { [1.0; CLASSES] };
        let own = |i: usize| if Some(labels[i]) == ignored { 0.0 } else { weights[labels[i] as usize] };
        let total: f64 = (0..SAMPLES).map(own).sum();
        let spread = smoothing / CLASSES as f64 * weights.iter().sum::<f64>();
        let factor = |i: usize| if Some(labels[i]) == ignored { 0.0 } else { (1.0 - smoothing) * own(i) + spread };
        let expected = softmax_hessian(&x, &w, factor, total);
        let loss = Loss::CrossEntropy {
            label_smoothing: smoothing,
            class_weights: weighted.then(|| class_weights.to_vec()),
            ignored_label: ignored,
        };
        let data =
            (SAMPLES, Batch { samples: HostTensor::Real(x.clone()), labels: Some(labels.clone()), targets: None });
        let (name, graph, weights) = (format!("{loss:?}"), graph.clone(), w.clone());
        Regression { name, graph, loss, weights, data, expected }.check(&mut verdict, open);
    }
    verdict.pronounce("softmax regression", open(Precision::F64).info().name);
}
