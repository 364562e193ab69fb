//! Every picture of the study and of the comparison of methods, from made-up numbers, is the stored one.

use super::attacked::AttackedPart;
use super::cell::{CellReport, Variant};
use super::inputs::InputPart;
use super::landscape::{LossPoint, Plane};
use super::method::{LargeBatchMethodReport, MethodCell, large_batch_method_document};
use super::{LargeBatchOptions, LargeBatchReport, large_batch_document};
use crate::plot::snapshot::compare;
use crate::report::Document;
use crate::study::fixture::{curvature, distribution, training};
use crate::train::TrainReport;

fn options() -> LargeBatchOptions {
    LargeBatchOptions {
        batches: vec![16, 128, 1024],
        seeds: 2,
        top: 4,
        epsilons: vec![0.02, 0.04],
        target_loss: 0.125,
        ..LargeBatchOptions::quick("x")
    }
}

/// What the paper would like to see: λ₁ rises with the batch, accuracy under attack falls, robust training mends both.
fn cell(batch: usize, variant: Variant, seed: u64) -> (CellReport, TrainReport) {
    let (size, robust) = ((batch as f64).log2() - 3.0, if variant == Variant::Robust { 0.25 } else { 1.0 });
    let sharp = robust * size * size * (1.0 + 0.125 * seed as f64);
    let trained = training(batch, 4 + 4 * size as usize, 0.5f64.powf(1.0 / size));
    let inputs = |around: f64| InputPart {
        samples: 100,
        largest: distribution(around),
        gradient_norm: 4.0 * around,
        gradient_norms: distribution(0.5 * around),
        method: "logits".to_string(),
        converged: true,
    };
    let attack = |attack, epsilon: f64| {
        let share = 0.9375 - epsilon * robust * (2.0 + size);
        AttackedPart { attack, epsilon, train: share + 0.03125, test: share }
    };
    let steps: Vec<f64> = (0..5).map(|i| 0.25 * f64::from(i) - 0.5).collect();
    let bowl = |a: f64, b: f64| 0.125 + 0.5 * sharp * (a * a + 0.5 * b * b);
    let first = seed == 0;
    let point = |s: &f64| LossPoint { step: *s, train: bowl(*s, 0.0), test: 0.125 + 2.0 * bowl(*s, 0.0) };
    let cell = CellReport {
        batch_size: batch,
        variant,
        seed,
        rate: 0.02,
        epochs: trained.epochs.len(),
        steps: trained.steps,
        target_reached: true,
        train_loss: 0.125,
        train_accuracy: 0.96875,
        test_loss: 0.25,
        test_accuracy: 0.9375 - 0.015625 * size,
        train_seconds: 1.0,
        samples_per_second: 1000.0,
        train: curvature(sharp, 4),
        test: curvature(4.0 * sharp, 1),
        train_inputs: Some(inputs(1.0 + (size - 4.0).abs())),
        test_inputs: Some(inputs(8.0 - size)),
        attacks: vec![attack("FGSM", 0.02), attack("FGSM", 0.04), attack("FGSM-10", 0.02), attack("FGSM-10", 0.04)],
        line: if first { steps.iter().map(point).collect() } else { Vec::new() },
        plane: first.then(|| Plane {
            losses: steps.iter().flat_map(|b| steps.iter().map(move |a| bowl(*a, *b))).collect(),
            steps: steps.clone(),
        }),
        track: trained.track.as_ref().filter(|_| first).map(|t| t.records.clone()).unwrap_or_default(),
    };
    (cell, trained)
}

fn pictures(folder: &str, document: &Document, expected: &[&str]) {
    assert_eq!(document.pictures().map(|p| p.name.as_str()).collect::<Vec<_>>(), expected);
    for picture in document.pictures() {
        compare("src/study/snapshots", &format!("{folder}-{}", picture.name), &picture.figure);
    }
}

#[test]
fn every_picture_of_the_study_is_the_stored_one() {
    let variants = [Variant::Plain, Variant::Robust];
    let specs =
        (0..2).flat_map(|seed| variants.map(|v| (v, seed))).flat_map(|(v, s)| [16, 128, 1024].map(|b| (b, v, s)));
    let (cells, trainings): (Vec<_>, Vec<_>) = specs.map(|(b, v, s)| cell(b, v, s)).unzip();
    let first = training(16, 8, 0.5);
    let report = LargeBatchReport::new(&options(), cells, &first, 1.0);
    let document = large_batch_document(&report, &trainings);
    pictures(
        "large-batch",
        &document,
        &["lambda1", "attacked", "inputs", "spectrum", "lines", "planes", "track", "training", "accuracy"],
    );
    assert!(report.answer.contains("rises with the batch size"), "{}", report.answer);
}

#[test]
fn every_picture_of_the_comparison_of_methods_is_the_stored_one() {
    let options = LargeBatchOptions { epsilons: vec![0.02], warmup: Some(5.0), ..options() };
    let variants = [Variant::Plain, Variant::Scaled, Variant::Robust];
    let specs =
        (0..2).flat_map(|seed| variants.map(|v| (v, seed))).flat_map(|(v, s)| [16, 128, 1024].map(|b| (b, v, s)));
    let specs = specs.filter(|(b, v, _)| *v != Variant::Scaled || *b > 16);
    let (cells, trainings): (Vec<MethodCell>, Vec<Option<TrainReport>>) = specs
        .map(|(batch_size, method, seed)| {
            let (done, trained) = cell(batch_size, method, seed);
            // Of the scaled networks with the largest batch one diverges.
            let diverged = method == Variant::Scaled && batch_size == 1024 && seed == 1;
            let rate = if method == Variant::Scaled { 0.02 * batch_size as f64 / 16.0 } else { 0.02 };
            let how = diverged.then(|| "the loss is no longer finite".to_string());
            let cell = MethodCell { batch_size, method, seed, rate, done: (!diverged).then_some(done), diverged: how };
            (cell, (!diverged).then_some(trained))
        })
        .unzip();
    let report = LargeBatchMethodReport::new(&options, cells, &training(16, 8, 0.5), 1.0);
    assert_eq!(report.diverged(1024, Variant::Scaled), (1, 2));
    let document = large_batch_method_document(&report, &trainings);
    pictures("method", &document, &["methods", "attacked", "training"]);
    let table = document.tables().next().unwrap().plain().to_string();
    assert!(table.contains("1 of 2 diverged"), "{table}");
    assert!(report.answer.contains("At batch size 1,024 test accuracy is: plain"), "{}", report.answer);
}
