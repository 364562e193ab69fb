//! A device that runs out of memory: batches are cut, the run goes on, and the numbers stay.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use hesse::data::{DataKind, DataSpec, GlyphOptions, SampleRange, Split};
use hesse::landscape::{Along, LandscapeOptions, Watch, landscape};
use hesse::problem::{BackendSpec, ProblemSpec, Session};
use hesse_core::SecondOrderBackend;
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle};
use hesse_core::backend::{
    BackendError, BackendInfo, BackendRequest, DeviceTensor, Executable, Feed, HostTensor, Outcome, Saved,
};
use hesse_core::graph::{Graph, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{
    Batch, Curvature, DatasetOperator, Evaluator, GradientCurvature, GroupProducts, LinearOperator, OperatorError,
    Slice, Weights, groups,
};
use hesse_core::options::Options;
use hesse_core::program::{Problem, Program};
use hesse_core::registry::{BackendEntry, ModelEntry, find};
use hesse_core::vectors::{Precision, VectorSpace, ViewMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where a device finds out that it has too little.
#[derive(Clone, Copy, PartialEq)]
enum Fails {
    Compiling,
    /// With all of its results added already: the worst moment.
    AfterRunning,
    /// Of so many bytes kept at once.
    Keeping(usize),
}

/// A device that takes so many samples and no more.
struct Small {
    inner: Box<dyn SecondOrderBackend>,
    most: usize,
    fails: Fails,
    kept: Arc<AtomicUsize>,
}

struct SmallExecutable {
    inner: Box<dyn Executable>,
    batch: usize,
    most: usize,
    fails: Fails,
    kept: Arc<AtomicUsize>,
}

fn short() -> BackendError {
    BackendError::Memory { device: "small".into(), bytes: 1 << 40 }
}

impl SecondOrderBackend for Small {
    fn info(&self) -> BackendInfo {
        self.inner.info()
    }
    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        if self.fails == Fails::Compiling && batch > self.most {
            return Err(short());
        }
        let (most, fails, kept) = (self.most, self.fails, Arc::clone(&self.kept));
        Ok(Box::new(SmallExecutable { inner: self.inner.compile(program, batch)?, batch, most, fails, kept }))
    }
    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        self.inner.space(dimension, precision)
    }
    fn upload(&self, tensor: &HostTensor) -> Result<DeviceTensor, BackendError> {
        self.inner.upload(tensor)
    }
}

impl Executable for SmallExecutable {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let outcome = self.inner.run(feed, result, keep)?;
        if self.fails == Fails::AfterRunning && self.batch > self.most { Err(short()) } else { Ok(outcome) }
    }
    fn new_saved(&self) -> Result<Saved, BackendError> {
        if let Fails::Keeping(bytes) = self.fails
            && self.kept.fetch_add(self.saved_bytes(), Ordering::Relaxed) + self.saved_bytes() > bytes
        {
            self.kept.store(0, Ordering::Relaxed);
            return Err(short());
        }
        self.inner.new_saved()
    }
    fn saved_bytes(&self) -> usize {
        self.inner.saved_bytes()
    }
    fn workspace_bytes(&self) -> usize {
        self.inner.workspace_bytes()
    }
    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.inner.first_not_finite(feed)
    }
}

fn candle() -> Box<dyn SecondOrderBackend> {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
    (find::<BackendEntry>("candle").unwrap().open)(&request).unwrap()
}

fn small(most: usize, fails: Fails) -> Small {
    Small { inner: candle(), most, fails, kept: Arc::default() }
}

// The same device for what opens its backend by name.
hesse_core::submit! {
    BackendEntry {
        name: "small",
        summary: "a device that takes three samples and no more",
        license: "MIT OR Apache-2.0",
        devices: &|| vec!["cpu".to_string()],
        open: &|_| Ok(Box::new(small(3, Fails::AfterRunning))),
    }
}

fn graph(model: &str, options: &str, mode: Mode) -> Graph {
    let task = Task { input: vec![1, 12, 12], classes: 4 };
    let options: Options = options.parse().unwrap();
    let model = (find::<ModelEntry>(model).unwrap().make)(&options, &task).unwrap();
    record(model.as_ref(), &task, &Normalization::default(), mode).unwrap()
}

const SAMPLES: usize = 21;
const BATCH: usize = 16;

fn data() -> (usize, Batch) {
    let pixels = (0..SAMPLES * 144).map(|i| (i * 7919 % 251) as u8).collect();
    let labels = Some((0..SAMPLES as u32).map(|i| i * 7 % 4).collect());
    (SAMPLES, Batch { samples: HostTensor::Pixels(pixels), labels, targets: None })
}

/// Loss, gradient, H·v, and the curvature along the gradient.
fn measure(backend: &dyn SecondOrderBackend, graph: Graph) -> Result<Vec<f64>, OperatorError> {
    let problem = Problem::new(graph, &Loss::default())?;
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers)?;
    let (wrt, data) = (problem.all_parameters(), data());
    let n = problem.dimension(&wrt).at(0);
    let evaluation = Evaluator::new(backend, &problem, Some(&wrt), BATCH)?.run(&weights, &data, &mut |_| {})?;
    let mut numbers = vec![evaluation.loss, evaluation.correct as f64];
    numbers.extend(backend.space(n, Precision::F64).read(&evaluation.gradient.unwrap(), 0)?);
    for budget in [0, usize::MAX] {
        let curvature = Curvature::Hessian;
        let operator = DatasetOperator::new(backend, &problem, curvature, &wrt, &weights, &data, BATCH, budget)?;
        let space = operator.space();
        let (mut x, mut y) = (space.zeros(2)?, space.zeros(2)?);
        for column in 0..2 {
            let v: Vec<f64> = (1..=n).map(|i| ((i + column) as f64).sin()).collect();
            space.write(&mut x, column, &v)?;
        }
        for _ in 0..3 {
            operator.apply(x.all(), y.all_mut())?;
        }
        numbers.extend([space.read(&y, 0)?, space.read(&y, 1)?].concat());
    }
    let along = GradientCurvature::new(backend, &problem, &wrt, BATCH)?.measure(&weights, &data, 0..SAMPLES)?;
    numbers.extend([along.loss, along.gradient_norm, along.curvature]);
    Ok(numbers)
}

fn same(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= 1e-13 * scale && scale > 0.0, "{worst:e} of {scale:e}");
}

#[test]
fn measurements_are_the_same_where_batches_had_to_be_cut() {
    let whole = measure(candle().as_ref(), graph("mlp", "hidden=5", Mode::Eval)).unwrap();
    for most in [1, 3, 11] {
        for fails in [Fails::Compiling, Fails::AfterRunning] {
            same(&measure(&small(most, fails), graph("mlp", "hidden=5", Mode::Eval)).unwrap(), &whole);
        }
    }
}

#[test]
fn what_is_kept_goes_before_batches_are_cut() {
    let whole = measure(candle().as_ref(), graph("mlp", "hidden=5", Mode::Eval)).unwrap();
    let backend = small(0, Fails::Keeping(4000));
    same(&measure(&backend, graph("mlp", "hidden=5", Mode::Eval)).unwrap(), &whole);
}

#[test]
fn products_of_groups_of_samples_go_on_with_fewer_at_once() {
    let products = |backend: &dyn SecondOrderBackend| {
        let problem = Problem::new(graph("mlp", "hidden=5", Mode::Eval), &Loss::default()).unwrap();
        let (parameters, buffers) = Weights::initial(problem.graph(), 1);
        let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
        let (wrt, data) = (problem.all_parameters(), data());
        let n = problem.dimension(&wrt).at(0);
        let space = backend.space(n, Precision::F64);
        let (mut x, mut y) = (space.zeros(2).unwrap(), space.zeros(2).unwrap());
        for column in 0..2 {
            let v: Vec<f64> = (1..=n).map(|i| ((i + column) as f64).sin()).collect();
            space.write(&mut x, column, &v).unwrap();
        }
        let mut products = GroupProducts::new(backend, &problem, problem.hessian(&wrt).unwrap(), &weights, BATCH);
        let mut numbers = Vec::new();
        for range in groups(SAMPLES, 2) {
            let group = Slice { source: &data, range };
            numbers.push(products.apply(&group, &x.all(), space.as_ref(), &mut y).unwrap());
            numbers.extend([space.read(&y, 0).unwrap(), space.read(&y, 1).unwrap()].concat());
        }
        numbers
    };
    let whole = products(candle().as_ref());
    for most in [1, 4] {
        for fails in [Fails::Compiling, Fails::AfterRunning] {
            same(&products(&small(most, fails)), &whole);
        }
    }
}

#[test]
fn a_landscape_goes_on_with_fewer_samples_at_once() {
    let heights = |backend: &str| {
        let glyphs = GlyphOptions { train: 20, test: 4, ..GlyphOptions::default() };
        let session = Session::open(ProblemSpec {
            model: "mlp:hidden=5".into(),
            weights: None,
            data: DataSpec::from(DataKind::Glyphs(glyphs)),
            split: Split::Train,
            samples: SampleRange::default(),
            perturbation: None,
            normalization: Normalization::default(),
            loss: Loss::default(),
            mode: Mode::Eval,
            backend: BackendSpec { name: backend.into(), precision: Precision::F64, ..BackendSpec::default() },
            seed: 3,
            batch: 16,
            memory: 1 << 20,
        })
        .unwrap();
        let options = LandscapeOptions { along: Along::Random, dims: 1, points: 3, ..Default::default() };
        let mut watch = Watch { observe: &mut |_| {}, stop: &|| false };
        let found = landscape(&session, &options, &mut watch).unwrap();
        found.heights.iter().map(|h| h.loss).collect::<Vec<f64>>()
    };
    same(&heights("small"), &heights("candle"));
}

#[test]
fn an_attack_goes_on_with_fewer_samples_at_once() {
    let graph = graph("mlp", "hidden=5,activation=tanh", Mode::Eval);
    let (parameters, buffers) = Weights::initial(&graph, 1);
    let samples: Vec<f64> = (0..SAMPLES * 144).map(|i| (i * 7919 % 251) as f64 / 250.0).collect();
    let labels: Vec<u32> = (0..SAMPLES as u32).map(|i| i * 7 % 4).collect();
    let v: Vec<f64> = (0..samples.len()).map(|i| (i as f64).sin()).collect();
    let answers = |backend: &dyn SecondOrderBackend| {
        let weights = Weights::upload(backend, &graph, &parameters, &buffers).unwrap();
        let oracle = NetworkOracle::new(backend, graph.clone(), &weights, BATCH).unwrap();
        let gradient = oracle.loss_gradient(&samples, &labels, AttackLoss::CrossEntropy).unwrap();
        let hessian = oracle.hessian_product(&samples, &labels, AttackLoss::Margin, &v).unwrap();
        [oracle.logits(&samples).unwrap(), gradient.losses, gradient.gradient, hessian].concat()
    };
    let whole = answers(candle().as_ref());
    for fails in [Fails::Compiling, Fails::AfterRunning] {
        same(&answers(&small(3, fails)), &whole);
    }
}

#[test]
fn a_sample_that_does_not_fit_alone_and_a_coupled_batch_are_errors() {
    let failed = |most, graph| {
        let error = measure(&small(most, Fails::Compiling), graph).unwrap_err();
        assert!(error.is_out_of_memory() && error.to_string().contains("--batch-size"), "{error}");
    };
    failed(0, graph("mlp", "hidden=5", Mode::Eval));
    // Batch norm in train mode: halves of a batch are another function.
    let task = Task { input: vec![3, 32, 32], classes: 4 };
    let model = (find::<ModelEntry>("resnet20").unwrap().make)(&Options::default(), &task).unwrap();
    let coupled = record(model.as_ref(), &task, &Normalization::default(), Mode::Train).unwrap();
    let problem = Problem::new(coupled, &Loss::default()).unwrap();
    assert!(problem.couples_samples());
    let backend = small(4, Fails::Compiling);
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(&backend, problem.graph(), &parameters, &buffers).unwrap();
    let pixels = (0..8 * 3072).map(|i| (i * 7919 % 251) as u8).collect();
    let labels = Some((0..8u32).map(|i| i % 4).collect());
    let data = (8, Batch { samples: HostTensor::Pixels(pixels), labels, targets: None });
    let result = Evaluator::new(&backend, &problem, None, 8).unwrap().run(&weights, &data, &mut |_| {});
    assert!(result.unwrap_err().is_out_of_memory());
}
