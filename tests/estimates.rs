//! Trace, norm, diagonal, density and data error of small real networks, against their dense Hessians.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use hesse as _; // links the built-in estimators
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::eigen::{Control, EigenRequest};
use hesse_core::estimate::resampling::{Contribution, Resampling, ratio};
use hesse_core::estimate::{DensityRequest, DiagonalRequest, Goal, KnownPairs, Quantity, TraceRequest};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{
    Batch, Curvature, DataSource, DatasetOperator, GroupProducts, LinearOperator, Slice, Weights, groups,
};
use hesse_core::options::Options;
use hesse_core::program::{Problem, Wrt};
use hesse_core::random::{Purpose, Stream};
use hesse_core::registry::{BackendEntry, DensityEntry, DiagonalEntry, ModelEntry, SolverEntry, TraceEntry, find};
use hesse_core::vectors::Precision;
use hesse_core::{EigenSolver, SecondOrderBackend};

/// A network of 100 parameters on 96 samples that no one has sorted.
struct Small {
    backend: Box<dyn SecondOrderBackend>,
    problem: Problem,
    weights: Weights,
    data: (usize, Batch),
    wrt: Wrt,
}

impl Small {
    fn new() -> Self {
        let entry = find::<BackendEntry>("candle").unwrap();
        let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
        let backend = (entry.open)(&request).unwrap();
        let task = Task { input: vec![1, 3, 3], classes: 4 };
        let model = (find::<ModelEntry>("mlp").unwrap().make)(&"hidden=7,activation=tanh".parse().unwrap(), &task);
        let graph = record(model.unwrap().as_ref(), &task, &Normalization::default(), Mode::Eval).unwrap();
        let problem = Problem::new(graph, &Loss::default()).unwrap();
        let (parameters, buffers) = Weights::initial(problem.graph(), 3);
        let weights = Weights::upload(backend.as_ref(), problem.graph(), &parameters, &buffers).unwrap();
        let mut stream = Stream::new(11, Purpose::Data, 0);
        let count = 96;
        let labels: Vec<u32> = (0..count).map(|_| stream.below(4) as u32).collect();
        // Classes differ in their mean, so that there is something to learn.
        let pixel =
            |i: usize, s: &mut Stream| 0.7 * s.normal() + f64::from(labels[i / 9]) * ((i % 9) as f64 - 4.0) / 6.0;
        let samples = (0..count * 9).map(|i| pixel(i, &mut stream)).collect();
        let batch = Batch { samples: HostTensor::Real(samples), labels: Some(labels), targets: None };
        let wrt = problem.all_parameters();
        Small { backend, problem, weights, data: (count, batch), wrt }
    }

    fn operator<'a>(&'a self, source: &'a dyn DataSource) -> DatasetOperator<'a> {
        let (backend, curvature) = (self.backend.as_ref(), Curvature::Hessian);
        DatasetOperator::new(backend, &self.problem, curvature, &self.wrt, &self.weights, source, 20, usize::MAX)
            .unwrap()
    }
}

/// Column by column.
fn dense(operator: &dyn LinearOperator) -> Vec<Vec<f64>> {
    let space = operator.space();
    let n = space.dimension();
    let mut x = space.zeros(1).unwrap();
    let mut y = space.zeros(1).unwrap();
    (0..n)
        .map(|i| {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            space.write(&mut x, 0, &unit).unwrap();
            operator.apply(x.all(), y.all_mut()).unwrap();
            space.read(&y, 0).unwrap()
        })
        .collect()
}

fn solver() -> Box<dyn EigenSolver> {
    (find::<SolverEntry>("lanczos").unwrap().make)(&Options::default()).unwrap()
}

#[test]
fn the_sum_of_all_eigenvalues_is_the_trace() {
    let small = Small::new();
    let operator = small.operator(&small.data);
    let n = operator.dimension();
    let trace: f64 = dense(&operator).iter().enumerate().map(|(i, column)| column[i]).sum();
    let request = EigenRequest { largest: n, smallest: 0, tolerance: 1e-10, max_products: 20 * n, seed: 0 };
    let found = solver().solve(&operator, &request, &mut |_| Control::Continue).unwrap();
    let sum: f64 = found.largest.iter().map(|p| p.value).sum();
    assert_eq!(found.largest.len(), n);
    assert!((sum / trace - 1.0).abs() < 1e-8, "{sum} {trace}");
    // A density with as many steps as dimensions, and one whose every eigenvalue is a stick.
    let make = find::<DensityEntry>("slq").unwrap().make;
    let values: Vec<f64> = found.largest.iter().map(|p| p.value).collect();
    let known = Some(KnownPairs { values: &values, vectors: found.vectors.all() });
    let request = DensityRequest { steps: 10, probes: 2, seed: 0, block: 2, known };
    let sticks = make(&Options::default()).unwrap().estimate(&operator, &request, &mut |_| Control::Continue).unwrap();
    assert!((sticks.trace().value / trace - 1.0).abs() < 1e-8 && sticks.trace().standard_error == 0.0);
}

#[test]
fn estimators_agree_with_the_dense_hessian_within_their_bars() {
    let small = Small::new();
    let operator = small.operator(&small.data);
    let h = dense(&operator);
    let n = h.len();
    let trace: f64 = (0..n).map(|i| h[i][i]).sum();
    let squares: f64 = h.iter().flatten().map(|v| v * v).sum();
    let request = EigenRequest { largest: 6, smallest: 2, tolerance: 1e-8, max_products: 2000, seed: 0 };
    let found = solver().solve(&operator, &request, &mut |_| Control::Continue).unwrap();
    let values: Vec<f64> = found.largest.iter().chain(&found.smallest).map(|p| p.value).collect();
    let known = KnownPairs { values: &values, vectors: found.vectors.all() };
    let goal = Goal { relative_error: 0.02, confidence: 0.999, least_samples: 10 };
    for name in ["hutchinson", "hutch++", "xtrace"] {
        let estimator = (find::<TraceEntry>(name).unwrap().make)(&Options::default()).unwrap();
        for known in [None, Some(known.clone())] {
            for (quantity, truth) in [(Quantity::Trace, trace), (Quantity::SquaredNorm, squares)] {
                let request =
                    TraceRequest { quantity, goal, max_products: 150, seed: 5, block: 4, known: known.clone() };
                let e = estimator.estimate(&operator, &request, &mut |_| Control::Continue).unwrap();
                let bound = e.half_width.max(1e-9 * truth);
                assert!((e.value - truth).abs() <= bound, "{name} {quantity:?}: {e:?} {truth}");
            }
        }
    }
    for name in ["xdiag", "hutchinson"] {
        let estimator = (find::<DiagonalEntry>(name).unwrap().make)(&Options::default()).unwrap();
        let request =
            DiagonalRequest { goal: Goal { relative_error: 0.01, ..goal }, max_products: 120, seed: 5, block: 4 };
        let e = estimator.estimate(&operator, &request, &mut |_| Control::Continue).unwrap();
        let error = (0..n).map(|i| (e.values[i] - h[i][i]).powi(2)).sum::<f64>().sqrt();
        assert!(error <= 1.6 * e.norms().1.max(1e-12), "{name}: {error} {:?}", e.norms());
    }
    let slq = (find::<DensityEntry>("slq").unwrap().make)(&Options::default()).unwrap();
    for known in [None, Some(known)] {
        let request = DensityRequest { steps: 30, probes: 12, seed: 5, block: 4, known };
        let density = slq.estimate(&operator, &request, &mut |_| Control::Continue).unwrap();
        let mean = density.trace();
        assert!((mean.value - trace).abs() <= 4.5 * mean.standard_error, "{mean:?} {trace}");
    }
}

/// λ₁ of the mean loss over some samples, and its vector.
fn top(small: &Small, source: &dyn DataSource) -> (f64, Vec<f64>) {
    let operator = small.operator(source);
    let request = EigenRequest { largest: 1, smallest: 0, tolerance: 1e-9, max_products: 2000, seed: 0 };
    let found = solver().solve(&operator, &request, &mut |_| Control::Continue).unwrap();
    (found.largest[0].value, operator.space().read(&found.vectors, found.largest[0].column).unwrap())
}

/// All samples but those of one group.
struct Without<'a> {
    source: &'a dyn DataSource,
    kept: Vec<usize>,
}

impl DataSource for Without<'_> {
    fn len(&self) -> usize {
        self.kept.len()
    }
    fn batch(&self, range: std::ops::Range<usize>) -> Result<Batch, String> {
        let (mut samples, mut labels) = (Vec::new(), Vec::new());
        for &i in &self.kept[range] {
            let one = self.source.batch(i..i + 1)?;
            match one.samples {
                HostTensor::Real(values) => samples.extend(values),
                other => return Err(format!("expected real samples, found {other:?}")),
            }
            labels.extend(one.labels.unwrap_or_default());
        }
        Ok(Batch { samples: HostTensor::Real(samples), labels: Some(labels), targets: None })
    }
}

#[test]
fn the_jackknife_of_an_eigenvalue_is_that_of_recomputing_it_without_each_group() {
    let small = Small::new();
    let (count, _) = small.data;
    let (lambda, v) = top(&small, &small.data);
    let backend = small.backend.as_ref();
    let operator = small.operator(&small.data);
    let (space, wide) = (operator.space(), backend.space(operator.dimension(), Precision::F64));
    let mut x = space.zeros(1).unwrap();
    space.write(&mut x, 0, &v).unwrap();
    let mut y = wide.zeros(1).unwrap();
    let product = small.problem.hessian(&small.wrt).unwrap();
    let mut products = GroupProducts::new(backend, &small.problem, product, &small.weights, 5);
    let ranges: Vec<_> = groups(count, 12).collect();
    let mut parts = Vec::new();
    let mut recomputed = Vec::new();
    for range in &ranges {
        let group = Slice { source: &small.data, range: range.clone() };
        let weight = products.apply(&group, &x.all(), wide.as_ref(), &mut y).unwrap();
        let hv = wide.read(&y, 0).unwrap();
        parts.push(Contribution { sum: v.iter().zip(&hv).map(|(a, b)| a * b).sum(), weight });
        let kept = (0..count).filter(|i| !range.contains(i)).collect();
        recomputed.push(top(&small, &Without { source: &small.data, kept }).0);
    }
    assert!((ratio(&parts) / lambda - 1.0).abs() < 1e-9, "the groups' parts add up to λ₁: {} {lambda}", ratio(&parts));
    let groups = recomputed.len() as f64;
    let mean = recomputed.iter().sum::<f64>() / groups;
    let full = ((groups - 1.0) / groups * recomputed.iter().map(|r| (r - mean).powi(2)).sum::<f64>()).sqrt();
    let first_order = Resampling::Jackknife.standard_error(&parts);
    println!("λ₁ = {lambda:.5}, s.e. (data): first order {first_order:.5}, recomputed {full:.5}");
    assert!((first_order / full - 1.0).abs() < 0.15, "{first_order} {full}");
    let boot = Resampling::Bootstrap { replicates: 2000, seed: 1 }.standard_error(&parts);
    assert!((boot / first_order - 1.0).abs() < 0.15, "{boot} {first_order}");
}

#[test]
fn the_error_of_data_sampling_is_that_of_fresh_samples() {
    // Many data sets of one population, at fixed weights: the spread of λ₁ is what the jackknife of each estimates.
    let small = Small::new();
    let draw = |index: u64| {
        let mut stream = Stream::new(12, Purpose::Data, index);
        let labels: Vec<u32> = (0..96).map(|_| stream.below(4) as u32).collect();
        let samples = (0..96 * 9)
            .map(|i| 0.7 * stream.normal() + f64::from(labels[i / 9]) * ((i % 9) as f64 - 4.0) / 6.0)
            .collect();
        (96, Batch { samples: HostTensor::Real(samples), labels: Some(labels), targets: None })
    };
    let backend = small.backend.as_ref();
    let mut values = Vec::new();
    let mut claimed = 0.0;
    for index in 0..40 {
        let data = draw(index);
        let (lambda, v) = top(&small, &data);
        values.push(lambda);
        let operator = small.operator(&data);
        let (space, wide) = (operator.space(), backend.space(v.len(), Precision::F64));
        let mut x = space.zeros(1).unwrap();
        space.write(&mut x, 0, &v).unwrap();
        let mut y = wide.zeros(1).unwrap();
        let mut products =
            GroupProducts::new(backend, &small.problem, small.problem.hessian(&small.wrt).unwrap(), &small.weights, 8);
        let parts: Vec<Contribution> = groups(96, 16)
            .map(|range| {
                let weight = products.apply(&Slice { source: &data, range }, &x.all(), wide.as_ref(), &mut y).unwrap();
                let hv = wide.read(&y, 0).unwrap();
                Contribution { sum: v.iter().zip(&hv).map(|(a, b)| a * b).sum(), weight }
            })
            .collect();
        claimed += Resampling::Jackknife.standard_error(&parts).powi(2) / 40.0;
    }
    let mean = values.iter().sum::<f64>() / 40.0;
    let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 39.0).sqrt();
    println!("spread of λ₁ over 40 data sets {spread:.4}, jackknife {:.4}", claimed.sqrt());
    // 40 sets give the spread itself to 11 %.
    assert!((claimed.sqrt() / spread - 1.0).abs() < 0.4, "{} {spread}", claimed.sqrt());
}
