//! How runs end: at the target, at the cap, or badly.

use super::*;
use crate::train::{Ending, train_text};

#[test]
fn a_run_learns_and_its_report_says_how_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.model = "mlp:hidden=64".into();
    spec.data = "glyphs:train=600,test=100".parse().unwrap();
    spec.options = TrainOptions { epochs: 15, batch: 30, rate: 0.05, ..TrainOptions::default() };
    let report = finish(&spec).unwrap();
    assert!(report.train_accuracy > 0.9 && report.test_accuracy > 0.5, "{report:?}");
    assert!(report.epochs[14].loss < 0.3 * report.epochs[0].loss);
    assert_eq!((report.steps, report.ended_by, report.target_reached), (300, Ending::Epochs, None));
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("train.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "hesse.train/1");
    assert_eq!(json["data"]["samples"], 600);
    assert_eq!(json["epochs"].as_array().map(Vec::len), Some(15));
    let text = train_text(&report);
    assert!(text.contains("(the first 3 epochs are in train.json)") && text.contains("300 steps"), "{text}");
}

#[test]
fn a_run_stops_once_its_target_is_reached_and_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.options.epochs = 200;
    spec.options.target_loss = Some(0.5);
    let report = finish(&spec).unwrap();
    assert_eq!((report.ended_by, report.target_reached), (Ending::TargetLoss, Some(true)));
    let last = report.epochs.last().unwrap();
    assert!(report.epochs.len() < 200 && last.loss <= 0.5 && report.train_loss <= 0.5);
    assert_eq!(last.confirmed_loss, Some(report.train_loss));
    // A lower target goes on from there.
    spec.options.target_loss = Some(0.25);
    let further = finish(&spec).unwrap();
    assert!(further.epochs.len() > report.epochs.len() && further.train_loss <= 0.25);
}

#[test]
fn a_target_that_is_not_reached_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.options.target_loss = Some(1e-9);
    let report = finish(&spec).unwrap();
    assert_eq!((report.ended_by, report.target_reached), (Ending::Epochs, Some(false)));
    assert!(train_text(&report).contains("was not reached"));
}

#[test]
fn a_loss_that_is_no_longer_finite_ends_the_run_naming_the_step_and_the_rate() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.model = "mlp:hidden=9,activation=relu".into();
    spec.options.rate = 1e30;
    let error = finish(&spec).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, steps: 8, .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("training diverged in epoch 1, step ") && text.contains("try a tenth of the rate"),
        "{text}"
    );
}

#[test]
fn training_goes_on_from_given_weights() {
    let folder = tempfile::tempdir().unwrap();
    let first = spec(&folder.path().join("first"));
    finish(&first).unwrap();
    let mut second = spec(&folder.path().join("second"));
    second.initial = Some(folder.path().join("first/model.safetensors"));
    second.options.epochs = 1;
    let report = finish(&second).unwrap();
    let mut fresh = spec(&folder.path().join("fresh"));
    fresh.options.epochs = 1;
    assert!(report.epochs[0].loss < finish(&fresh).unwrap().epochs[0].loss);
}
