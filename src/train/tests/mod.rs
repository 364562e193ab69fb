//! Runs from end to end on a small network, on the first backend that is registered.

mod batches;
mod endings;
mod layers;
mod refusals;
mod resuming;
mod robust;
mod tracking;
mod validation;

use super::{EpochRecord, Event, TrainError, TrainOptions, TrainReport, TrainSpec, Watch, run};
use hesse_core::registry;
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Eight steps of 7 samples in each of three epochs; the last batch has 4.
fn spec(out: &Path) -> TrainSpec {
    let data = "glyphs:train=53,test=12".parse().unwrap();
    let mut spec = TrainSpec::new("mlp:hidden=9,activation=tanh", data, out);
    spec.backend.name = registry::backends().first().expect("a backend").name.to_string();
    spec.options = TrainOptions { epochs: 3, batch: 7, rate: 0.05, ..TrainOptions::default() };
    spec.seed = 4;
    spec
}

/// Runs to the end.
fn finish(spec: &TrainSpec) -> Result<TrainReport, TrainError> {
    run(spec, &mut Watch { observe: &mut |_| {}, stop: &|| false })
}

/// Runs until so many steps are done, then asks to stop.
fn run_for(spec: &TrainSpec, steps: usize) -> Result<TrainReport, TrainError> {
    let (done, stop) = (Cell::new(0), AtomicBool::new(steps == 0));
    let mut observe = |event: Event<'_>| {
        if matches!(event, Event::Step { .. }) {
            done.set(done.get() + 1);
            stop.store(done.get() >= steps, Ordering::Relaxed);
        }
    };
    run(spec, &mut Watch { observe: &mut observe, stop: &|| stop.load(Ordering::Relaxed) })
}

fn model_bytes(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).unwrap()
}

/// Records without what the clock says.
fn timeless(report: &TrainReport) -> Vec<EpochRecord> {
    report.epochs.iter().map(|r| EpochRecord { seconds: 0.0, samples_per_second: 0.0, ..r.clone() }).collect()
}
