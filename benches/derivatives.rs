//! Gradient and Hessian product on the Candle CPU backend, as criterion benches and as ratios; ratios on libtorch too.
//!
//! The ratios are what is quoted: they come from alternating runs in one process, so that the noise of a shared machine
//! falls on both. Rates count a gradient as 3 and a product as 6 forward passes, and are shown as a share of the f32
//! matrix-product rate that the same run reaches.

use criterion::{Criterion, SamplingMode};
use hesse as _; // links every built-in crate
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, DeviceTensor, Executable, Feed, HostTensor, Saved};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::Weights;
use hesse_core::options::Options;
use hesse_core::program::Problem;
use hesse_core::registry;
use hesse_core::vectors::{Block, Precision};
use std::error::Error;
use std::time::{Duration, Instant};

/// Model, input, batch, and arithmetic of one sample's forward pass (multiply-add counted as two).
const CASES: &[(&str, [usize; 3], usize, f64)] = &[
    ("c1", [3, 32, 32], 128, 65.9e6),
    ("resnet20", [3, 32, 32], 128, 81.6e6),
    ("m1", [1, 28, 28], 512, 4.6e6),
    ("smallcnn", [1, 28, 28], 256, 20.4e6),
];
const ROUNDS: usize = 15;

/// Everything compiled for one case.
struct Case {
    weights: Weights,
    samples: DeviceTensor,
    labels: DeviceTensor,
    direction: Block,
    result: Block,
    gradient: Box<dyn Executable>,
    primal: Box<dyn Executable>,
    tangent: Box<dyn Executable>,
    saved: Saved,
}

impl Case {
    fn new(
        backend: &dyn SecondOrderBackend,
        name: &str,
        input: [usize; 3],
        batch: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let entry = registry::models().into_iter().find(|m| m.name == name).ok_or("no such model")?;
        let task = Task { input: input.to_vec(), classes: 10 };
        let model = (entry.make)(&Options::default(), &task)?;
        let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval)?;
        let problem = Problem::new(graph, &Loss::default())?;
        let (parameters, buffers) = Weights::initial(problem.graph(), 1);
        let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers)?;
        let pixels = (0..batch * input.iter().product::<usize>()).map(|i| (i * 7919 % 251) as u8).collect();
        let wrt = problem.all_parameters();
        let space = backend.space(problem.dimension(&wrt).at(batch), Precision::F32);
        let mut direction = space.zeros(1)?;
        space.write(&mut direction, 0, &(0..space.dimension()).map(|i| (i as f64).sin()).collect::<Vec<_>>())?;
        let product = problem.hessian(&wrt)?;
        let primal = backend.compile(&product.primal, batch)?;
        let mut case = Case {
            samples: backend.upload(&HostTensor::Pixels(pixels))?,
            labels: backend.upload(&HostTensor::Index((0..batch as u32).map(|i| i % 10).collect()))?,
            gradient: backend.compile(&problem.gradient(&wrt)?, batch)?,
            tangent: backend.compile(&product.tangent, batch)?,
            saved: primal.new_saved()?,
            primal,
            result: space.zeros(1)?,
            direction,
            weights,
        };
        let Case { primal, saved, weights, samples, labels, .. } = &mut case;
        primal.run(&feed(weights, samples, labels), None, Some(saved))?;
        Ok(case)
    }

    fn gradient(&mut self) -> Result<(), Box<dyn Error>> {
        let feed = feed(&self.weights, &self.samples, &self.labels);
        self.gradient.run(&feed, Some(self.result.all_mut()), None)?;
        Ok(())
    }

    fn product(&mut self) -> Result<(), Box<dyn Error>> {
        let mut feed = feed(&self.weights, &self.samples, &self.labels);
        feed.direction = Some(self.direction.all());
        feed.saved = Some(&self.saved);
        self.tangent.run(&feed, Some(self.result.all_mut()), None)?;
        Ok(())
    }

    /// Memory of a product and of a gradient.
    fn bytes(&self) -> (usize, usize) {
        let product = self.primal.workspace_bytes() + self.tangent.workspace_bytes() + self.saved.bytes();
        (product, self.gradient.workspace_bytes())
    }
}

fn feed<'a>(weights: &'a Weights, samples: &'a DeviceTensor, labels: &'a DeviceTensor) -> Feed<'a> {
    Feed {
        parameters: Some(weights.parameters.all()),
        buffers: weights.buffers.as_ref().map(Block::all),
        samples: Some(samples),
        labels: Some(labels),
        ..Feed::default()
    }
}

fn seconds(run: &mut dyn FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}

fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}

/// One f32 product of 2000 × 2000 matrices with all threads, in operations per second.
fn matrix_product(a: &[f32], b: &[f32], c: &mut [f32]) -> f64 {
    let n = 2000;
    let start = Instant::now();
    let strides = hesse_candle::kernels::Strides::rows(n);
    if let Err(e) = hesse_candle::kernels::matmul(false, (n, n, n), a, strides, b, strides, c) {
        eprintln!("{e}");
    }
    2.0 * (n as f64).powi(3) / start.elapsed().as_secs_f64()
}

fn ratios(backend: &dyn SecondOrderBackend) -> Result<(), Box<dyn Error>> {
    let (a, b, mut c) = (vec![1.0f32; 4_000_000], vec![1.0f32; 4_000_000], vec![0.0f32; 4_000_000]);
    println!("medians of {ROUNDS} alternating runs; {}", backend.info().details);
    println!(
        "{:<14} {:>12} {:>9} {:>7} {:>9} {:>9} {:>9}",
        "model/batch", "gradient ms", "H·v ms", "ratio", "3 F share", "6 F share", "memory"
    );
    for &(name, input, batch, flops) in CASES {
        let mut case = Case::new(backend, name, input, batch)?;
        let (mut gradients, mut products, mut ceilings) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ceilings.push(matrix_product(&a, &b, &mut c));
            gradients.push(seconds(&mut || case.gradient())?);
            products.push(seconds(&mut || case.product())?);
        }
        let ceiling = median(ceilings);
        let (g, h) = (median(gradients), median(products));
        let share = |passes: f64, t: f64| 100.0 * passes * flops * batch as f64 / t / ceiling;
        let (product, gradient) = case.bytes();
        println!(
            "{:<14} {:>12.0} {:>9.0} {:>7.2} {:>8.0}% {:>8.0}% {:>9.2}   ceiling {:.0} GFLOP/s",
            format!("{name}/{batch}"),
            g * 1e3,
            h * 1e3,
            h / g,
            share(3.0, g),
            share(6.0, h),
            product as f64 / gradient as f64,
            ceiling / 1e9,
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F32, threads: None };
    let backend = hesse_candle::CandleBackend::new(&request)?;
    ratios(&backend)?;
    // Where its library has been built for this profile, the same on libtorch.
    match hesse::problem::lookup::backend("tch") {
        Ok(entry) => ratios((entry.open)(&request)?.as_ref())?,
        Err(absent) => println!("{absent}"),
    }
    let mut criterion = Criterion::default().configure_from_args();
    for &(name, input, batch, _) in CASES {
        let mut case = Case::new(&backend, name, input, batch)?;
        let mut group = criterion.benchmark_group(format!("{name}/{batch}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(8));
        group.bench_function("gradient", |b| b.iter(|| case.gradient().map_err(|e| e.to_string())));
        group.bench_function("hessian product", |b| b.iter(|| case.product().map_err(|e| e.to_string())));
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
