//! Candle and libtorch on every built-in model: loss, gradient, H·v and G·v are the same numbers.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../../../core/tests/agreement/mod.rs"]
mod agreement;

use agreement::{ROUNDINGS, distance, measure, network};
use hesse as _; // links the built-in models and the Candle backend
use hesse_core::backend::BackendRequest;
use hesse_core::registry::{self, BackendEntry, find};
use hesse_core::vectors::Precision;
use hesse_tch as _; // links the backend under test

const SAMPLES: usize = 5;
/// Two batches, the last one smaller.
const BATCH: usize = 3;

fn agree(precision: Precision, tolerance: f64) {
    let mut failures = Vec::new();
    let mut worst = 0.0f64;
    // A TorchScript model has no graph, and no other backend runs it; it has a test of its own.
    for entry in registry::models().into_iter().filter(|e| e.name != "torchscript") {
        let (graph, input) = network(&entry);
        let on = |name: &str, precision: Precision| {
            let request = BackendRequest { device: "cpu".into(), precision, threads: None };
            let backend = (find::<BackendEntry>(name).unwrap().open)(&request).unwrap();
            measure(backend.as_ref(), &graph, input, (SAMPLES, BATCH))
        };
        let (candle, tch) = (on("builtin/candle", precision), on("builtin/tch", precision));
        let exact = (precision == Precision::F32).then(|| on("builtin/candle", Precision::F64));
        let mut check = |what: &str, error: f64, rounding: f64| {
            worst = worst.max(error);
            if error.is_nan() || error > tolerance.max(ROUNDINGS * rounding) {
                failures.push(format!("{}: {what}: {error:.1e}, rounding {rounding:.1e}", entry.name));
            }
        };
        let off = |exact: f64, found: f64| ((found - exact) / exact).abs();
        let rounding = exact.as_ref().map_or(0.0, |e| off(e.loss, candle.loss));
        check("loss", off(candle.loss, tch.loss), rounding);
        for (i, what) in ["gradient", "H·v", "G·v"].into_iter().enumerate() {
            let rounding = exact.as_ref().map_or(0.0, |e| distance(&candle.vectors[i], &e.vectors[i]));
            check(what, distance(&tch.vectors[i], &candle.vectors[i]), rounding);
        }
    }
    println!("candle and tch in {precision}: worst {worst:.1e}");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn candle_and_libtorch_agree_in_double_precision() {
    agree(Precision::F64, 1e-11);
}

#[test]
fn candle_and_libtorch_agree_in_single_precision() {
    agree(Precision::F32, 1e-5);
}
