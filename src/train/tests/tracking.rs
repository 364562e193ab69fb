//! Telemetry: what is measured is right, changes no step, and survives interruptions bit by bit.

use super::*;
use crate::train::{Every, Quantity, TrackOptions, TrackRecord};
use hesse_core::vectors::Precision;

fn tracked(out: &Path, quantities: &[Quantity], every: Every) -> TrainSpec {
    let mut spec = spec(out);
    spec.track = Some(TrackOptions { quantities: quantities.to_vec(), every, samples: None });
    spec
}

/// The trained values; the file's metadata names the run, which telemetry is part of.
fn tensors(folder: &Path) -> Vec<(String, crate::weights::TensorData)> {
    let model = crate::weights::read(&folder.join("model.safetensors")).unwrap();
    model.iter().map(|(name, tensor)| (name.to_string(), tensor.clone())).collect()
}

fn curves(folder: &Path) -> [Vec<u8>; 2] {
    ["track.csv", "track.jsonl"].map(|name| fs::read(folder.join(name)).unwrap())
}

#[test]
fn a_run_with_telemetry_takes_the_same_steps_and_writes_its_curves() {
    let (plain, followed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    finish(&spec(plain.path())).unwrap();
    let report = finish(&tracked(followed.path(), &Quantity::ALL, Every::Steps(5))).unwrap();
    assert_eq!(tensors(plain.path()), tensors(followed.path()));

    let track = report.track.clone().unwrap();
    let steps: Vec<usize> = track.records.iter().map(|r| r.step).collect();
    assert_eq!(steps, [0, 5, 10, 15, 20]);
    assert_eq!((track.samples, track.every.as_str()), ([0, 53], "5steps"));
    for record in &track.records {
        assert!(record.lambda1_residual.unwrap() <= 1e-3, "{record:?}");
        let (trace, error) = (record.trace.unwrap(), record.trace_error.unwrap());
        assert!(record.lambda1.unwrap() < trace + 5.0 * error, "{record:?}");
        assert!(record.loss.unwrap() > 0.0 && record.gradient_norm.unwrap() > 0.0);
        assert!(record.batch_sharpness.unwrap() > 0.0 && record.batch_sharpness_error.unwrap() > 0.0);
        // Momentum 0.9 at rate 0.05.
        assert!((record.edge - 2.0 * 1.9 / 0.05).abs() < 1e-9);
    }
    let [csv, lines] = curves(followed.path()).map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(csv.starts_with("step,epoch,rate,edge,loss,accuracy,gradient_norm,lambda1,"), "{csv}");
    assert_eq!((csv.lines().count(), lines.lines().count()), (6, 5));
    let back: Vec<TrackRecord> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(back, track.records);
    assert!(super::super::train_text(&report).contains("λ₁ ÷ edge"));
}

#[test]
fn an_interrupted_run_measures_the_bits_of_the_undisturbed_one() {
    let whole = tempfile::tempdir().unwrap();
    let quantities = [Quantity::Lambda1, Quantity::Trace, Quantity::BatchSharpness];
    let expected = finish(&tracked(whole.path(), &quantities, Every::Steps(3))).unwrap();
    for every in [2, 3, 7] {
        let folder = tempfile::tempdir().unwrap();
        let spec = tracked(folder.path(), &quantities, Every::Steps(3));
        let mut calls = 1;
        let report = loop {
            match run_for(&spec, every) {
                Ok(report) => break report,
                Err(TrainError::Interrupted { .. }) => calls += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(calls <= 24 / every + 4, "no progress");
        };
        assert!(calls > 2);
        assert_eq!(report.track, expected.track, "every {every} steps");
        assert_eq!(curves(folder.path()), curves(whole.path()), "every {every} steps");
        assert_eq!(model_bytes(folder.path()), model_bytes(whole.path()));
    }
}

#[test]
fn a_finished_run_measures_nothing_again_and_goes_on_with_more_epochs() {
    let (folder, longer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let spec = |out: &Path| tracked(out, &[Quantity::Lambda1], Every::Epochs(1));
    let first = finish(&spec(folder.path())).unwrap();
    assert_eq!(first.track.as_ref().unwrap().records.len(), 4);
    assert_eq!(finish(&spec(folder.path())).unwrap(), first);
    let more = |out: &Path| {
        let mut spec = spec(out);
        spec.options.epochs = 5;
        finish(&spec).unwrap()
    };
    assert_eq!(more(folder.path()).track, more(longer.path()).track);
    assert_eq!(curves(folder.path()), curves(longer.path()));
}

#[test]
fn another_telemetry_is_another_run_and_samples_that_do_not_exist_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    finish(&tracked(folder.path(), &[Quantity::Loss], Every::Epochs(1))).unwrap();
    let error = finish(&tracked(folder.path(), &[Quantity::Lambda1], Every::Epochs(1))).unwrap_err().to_string();
    assert!(error.contains("tracked loss every 1epochs on the first 1000 there"), "{error}");
    let fresh = tempfile::tempdir().unwrap();
    let mut spec = tracked(fresh.path(), &[Quantity::Loss], Every::Epochs(1));
    spec.track.as_mut().unwrap().samples = Some("0..54".parse().unwrap());
    assert!(finish(&spec).unwrap_err().to_string().contains("only 53 samples"));
    spec.track.as_mut().unwrap().quantities.clear();
    assert!(finish(&spec).unwrap_err().to_string().starts_with("quantities to track: expected at least one"));
}

#[test]
fn a_rate_too_large_for_the_first_weights_drives_the_largest_eigenvalue_down_to_the_edge_and_holds_it_there() {
    // The catapult of Lewkowycz et al. (arXiv:2003.02218), then the edge of stability of Cohen et al. (arXiv:2103.00065).
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tracked(folder.path(), &[Quantity::Loss, Quantity::Lambda1], Every::Steps(20));
    spec.backend.precision = Precision::F64;
    spec.loss = hesse_core::loss::Loss::SquaredErrorOneHot;
    spec.options = TrainOptions { epochs: 600, batch: 53, rate: 1.0, momentum: 0.0, ..TrainOptions::default() };
    let records = finish(&spec).unwrap().track.unwrap().records;
    let share = |r: &TrackRecord| r.lambda1.unwrap() / r.edge;
    let (first, last) = (&records[0], &records[records.len() - 8..]);
    let mean = last.iter().map(share).sum::<f64>() / last.len() as f64;
    let curve: Vec<f64> = records.iter().map(share).collect();
    assert!(share(first) > 2.0, "{curve:?}");
    assert!((0.9..1.15).contains(&mean), "{mean}: {curve:?}");
    assert!(last.iter().all(|r| r.loss < first.loss));
}
