//! Matrices other than the Hessian, layers, changed samples, sharpness and telemetry from the command line.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli_common;

use cli_common::Place;
use serde_json::Value;

const EXACT: [&str; 4] = ["--dtype", "f64", "--json", "-"];

fn largest(report: &Value) -> f64 {
    report["largest"][0]["value"].as_f64().unwrap()
}

#[test]
fn a_linear_network_has_one_matrix_under_three_names_and_a_fisher_matrix_near_it() {
    let place = Place::new();
    let run = |matrix: &str| {
        let report =
            place.small("spectrum", &[&["--matrix", matrix, "--tol", "1e-8"][..], &EXACT].concat()).ok().json();
        assert_eq!(report["matrix"], matrix);
        largest(&report)
    };
    let hessian = run("hessian");
    assert!((run("gauss-newton") / hessian - 1.0).abs() < 1e-7);
    assert!((run("monte-carlo-fisher:draws=2000") / hessian - 1.0).abs() < 0.05);
    assert!(run("fisher") > 0.0);
    let wrong = place.small("spectrum", &["--matrix", "fischer"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("gauss-newton"), "{wrong:?}");
}

#[test]
fn layers_are_measured_by_themselves_and_make_up_the_block_diagonal() {
    let place = Place::new();
    let arguments = |more: &[&'static str]| {
        let base = ["spectrum", "--model", "mlp:hidden=5", "--data", "glyphs:train=40,test=10", "--threads", "1"];
        [&base[..], &EXACT, &["--tol", "1e-6"], more].concat()
    };
    let whole = place.run(arguments(&["--per-layer", "--layer-probes", "4"])).ok().json();
    let layers = whole["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2);
    let value = |layer: &Value| layer["largest"]["value"].as_f64().unwrap();
    assert!(
        layers.iter().all(|layer| layer["largest"]["converged"] == true && value(layer) <= largest(&whole) * 1.000001)
    );
    let parameters: u64 = layers.iter().map(|layer| layer["parameters"].as_u64().unwrap()).sum();
    assert_eq!(parameters, whole["dimension"].as_u64().unwrap());
    let share: f64 = layers.iter().map(|layer| layer["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-12);
    // The largest eigenvalue of the block-diagonal part is the largest of its blocks.
    let blocks = place.run(arguments(&["--block-diagonal"])).ok().json();
    let top = layers.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
    assert!((largest(&blocks) / top - 1.0).abs() < 1e-6, "{} {top}", largest(&blocks));
    let table = place.small("spectrum", &["--per-layer"]).ok().out;
    assert!(table.contains("λ₁ of its block") && table.contains("100.00 %"), "{table}");
}

#[test]
fn sharpness_prints_every_measure_and_writes_versioned_json() {
    let place = Place::new();
    let flags = ["--rate", "0.1", "--mini-batch", "16", "--mini-batches", "3", "--directions", "3", "--steps", "4"];
    let run = place.small("sharpness", &[&flags[..], &["--json", "out.json"]].concat()).ok();
    assert!(run.out.contains("λ₁ ÷ 2/η") && run.out.contains("m-sharpness"), "{run:?}");
    let text = std::fs::read_to_string(place.path("out.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], "hesse.sharpness/1");
    assert_eq!(report["edge"]["edge"], 20.0);
    assert!(report["sam"]["worst"].as_f64() >= report["sam"]["one_step"].as_f64());
    assert_eq!(report["batch_sharpness"]["count"], 3);
    let wrong = place.small("sharpness", &["--mini-batch", "65"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("expected from 1 to the 64 samples, found 65"), "{wrong:?}");
}

#[test]
fn a_training_records_its_curves() {
    let place = Place::new();
    let flags =
        ["--epochs", "2", "--track", "lambda1,loss", "--every", "2", "--track-samples", "0..20", "--out", "run"];
    let run = place.small("train", &flags).ok();
    assert!(run.out.contains("λ₁ ÷ edge"), "{run:?}");
    let csv = std::fs::read_to_string(place.path("run/track.csv")).unwrap();
    assert!(csv.starts_with("step,epoch,rate,edge,loss,accuracy,lambda1,lambda1_residual,products\n0,0,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let wrong = place.small("train", &["--track", "lambda9", "--out", "other"]);
    assert_eq!(wrong.code, Some(2));
    assert!(!place.path("other").exists());
}

#[test]
fn changed_samples_of_another_shape_are_refused_with_both_shapes() {
    let place = Place::new();
    // A model file is a safetensors file with no tensor of the samples' shape.
    place.small("train", &["--epochs", "1", "--out", "run"]).ok();
    for flag in ["--perturbation", "--adversarial"] {
        let run = place.small("spectrum", &[flag, "run/model.safetensors"]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("expected a tensor `") && run.err.contains("--samples"), "{run:?}");
    }
    let both = place.small("spectrum", &["--perturbation", "a", "--adversarial", "b"]);
    assert_eq!(both.code, Some(2));
}
