//! What the plugin boundary costs: one Hessian product of `m1` with batch 32 on the Candle backend, linked in and loaded.
//!
//! The two alternate, so that a busy machine slows both; the ratio of the medians is what counts.
//! Needs the loadable library: `cargo build --release --examples -p hesse-candle`.

use hesse as _;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, LinearOperator, Weights};
use hesse_core::plugin::load;
use hesse_core::program::Problem;
use hesse_core::registry::{BackendEntry, ModelEntry, find};
use hesse_core::vectors::Precision;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

const ROUNDS: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("{}candle{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/examples").join(name);
    let Ok(library) = load::open(&path) else {
        println!("{}: not built; cargo build --release --examples -p hesse-candle", path.display());
        return Ok(());
    };
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F32, threads: None };
    let loaded = library.backends.first().ok_or("the library has no backend")?;
    let backends = [(find::<BackendEntry>("builtin/candle")?.open)(&request)?, (loaded.open)(&request)?];
    let task = Task { input: vec![1, 28, 28], classes: 10 };
    let model = (find::<ModelEntry>("m1")?.make)(&Default::default(), &task)?;
    let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval)?;
    let problem = Problem::new(graph, &Loss::default())?;
    let (parameters, buffers) = Weights::initial(problem.graph(), 0);
    let samples = (0..32 * 784).map(|i| (i * 37 % 101) as f64 / 101.0).collect();
    let labels = Some((0..32).map(|i| i % 10).collect());
    let data = (32, Batch { samples: HostTensor::Real(samples), labels, targets: None });
    let mut times = [Vec::new(), Vec::new()];
    let product = |backend: &dyn SecondOrderBackend, times: &mut Vec<f64>| -> Result<(), Box<dyn Error>> {
        let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers)?;
        let wrt = problem.all_parameters();
        let kind = Curvature::Hessian;
        let operator = DatasetOperator::new(backend, &problem, kind, &wrt, &weights, &data, 32, usize::MAX)?;
        let space = operator.space();
        let (mut x, mut y) = (space.zeros(1)?, space.zeros(1)?);
        space.write(&mut x, 0, &(0..operator.dimension()).map(|i| (i as f64).sin()).collect::<Vec<_>>())?;
        for round in 0..12 {
            let start = Instant::now();
            operator.apply(x.all(), y.all_mut())?;
            // The first ones fill caches and keep the primal part.
            if round >= 2 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
        Ok(())
    };
    for _ in 0..ROUNDS {
        for (backend, times) in backends.iter().zip(&mut times) {
            product(backend.as_ref(), times)?;
        }
    }
    let median = |t: &mut Vec<f64>| {
        t.sort_by(f64::total_cmp);
        t.get(t.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let [linked, loaded] = &mut times;
    let (linked, loaded) = (median(linked), median(loaded));
    println!("H·v of m1, batch 32, f32: linked {:.3} ms, loaded {:.3} ms", linked * 1e3, loaded * 1e3);
    println!("cost of the boundary: {:+.2} %", 100.0 * (loaded / linked - 1.0));
    Ok(())
}
