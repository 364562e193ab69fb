//! Micro-batches give the gradient of the batch.

use super::*;
use crate::weights;
use hesse_core::vectors::Precision;

/// The trained weights in f64.
fn trained(change: impl Fn(&mut TrainSpec)) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.backend.precision = Precision::F64;
    spec.options.batch = 20;
    change(&mut spec);
    finish(&spec).unwrap();
    let tensors = weights::read(&folder.path().join("model.safetensors")).unwrap();
    tensors.iter().flat_map(|(_, tensor)| tensor.values.to_f64()).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn a_batch_in_micro_batches_takes_the_same_steps() {
    let whole = trained(|_| {});
    for micro in [1, 7, 20, 64] {
        let cut = trained(|spec| spec.options.micro_batch = Some(micro));
        assert!(distance(&whole, &cut) < 1e-12, "{micro}: {}", distance(&whole, &cut));
    }
}

#[test]
fn the_last_smaller_batch_is_divided_by_its_own_size() {
    // One step on all 53 samples and one epoch of a single batch larger than the data are the same step.
    let exact = trained(|spec| (spec.options.batch, spec.options.epochs) = (53, 1));
    let larger = trained(|spec| (spec.options.batch, spec.options.epochs) = (1000, 1));
    assert_eq!(distance(&exact, &larger), 0.0);
}

#[test]
fn ignored_samples_take_no_part() {
    let loss = |ignored: bool| hesse_core::loss::Loss::CrossEntropy {
        label_smoothing: 0.0,
        class_weights: (!ignored).then(|| (0..10).map(|c| if c == 3 { 0.0 } else { 1.0 }).collect()),
        ignored_label: ignored.then_some(3),
    };
    let (ignored, weightless) = (trained(|spec| spec.loss = loss(true)), trained(|spec| spec.loss = loss(false)));
    assert!(distance(&ignored, &weightless) < 1e-12);
}
