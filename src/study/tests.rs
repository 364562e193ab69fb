//! A small study from end to end, on the first backend and solver that are registered.

use super::*;
use hesse_core::registry;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn options(out: &Path) -> LargeBatchOptions {
    LargeBatchOptions {
        model: "mlp:hidden=8,activation=tanh".to_string(),
        data: "glyphs:train=60,test=30".parse().unwrap(),
        backend: crate::problem::BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            ..crate::problem::BackendSpec::default()
        },
        solver: "lanczos".to_string(),
        batches: vec![5, 20, 60],
        target_loss: 0.7,
        epochs: 400,
        rate: 0.03,
        curvature_samples: Some(40),
        top: 2,
        ..LargeBatchOptions::quick(out)
    }
}

/// What happened in a call: steps of training, and products of the solver.
#[derive(Debug, Default, PartialEq, Clone, Copy)]
struct Work {
    steps: usize,
    products: usize,
}

/// Runs until `most` events have happened.
fn run(options: &LargeBatchOptions, most: usize) -> (Result<LargeBatchReport, StudyError>, Work) {
    let (mut work, events) = (Work::default(), AtomicUsize::new(0));
    let mut observe = |event: Event<'_>| {
        events.fetch_add(1, Ordering::Relaxed);
        match event {
            Event::Train(crate::train::Event::Step { .. }) => work.steps += 1,
            Event::Curvature { event: crate::spectrum::Event::Solver(_), .. } => work.products += 1,
            _ => {}
        }
    };
    let result =
        large_batch(options, &mut Watch { observe: &mut observe, stop: &|| events.load(Ordering::Relaxed) >= most });
    (result, work)
}

/// A report without what the clock says.
fn timeless(report: &LargeBatchReport) -> LargeBatchReport {
    let mut report = report.clone();
    report.seconds = 0.0;
    report.manifest.command.clear();
    for cell in &mut report.cells {
        (cell.train_seconds, cell.samples_per_second) = (0.0, 0.0);
        for part in [&mut cell.train, &mut cell.test].into_iter().flatten() {
            part.seconds = 0.0;
        }
    }
    report
}

#[test]
fn a_study_trains_measures_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let report = run(&options, usize::MAX).0.unwrap();
    assert_eq!(report.cells.iter().map(|c| c.batch_size).collect::<Vec<_>>(), [5, 20, 60]);
    for cell in &report.cells {
        let (train, test) = (cell.train.as_ref().unwrap(), cell.test.as_ref().unwrap());
        assert!(cell.target_reached && cell.train_loss <= 0.7);
        assert_eq!((train.samples, test.samples, train.largest.len()), (40, 30, 2));
        assert!(train.converged && train.largest[0].value >= train.largest[1].value && train.lambda() > 0.0);
    }
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("study.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "hesse.study.large-batch/1");
    assert_eq!(json["cells"][1]["train"]["largest"][0]["value"], report.cells[1].train.as_ref().unwrap().lambda());
    let csv = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [19; 4]);
    let text = large_batch_text(&report);
    assert!(text.contains("λ₁ of the training Hessian ") && text.contains("over 3 sizes"), "{text}");
}

#[test]
fn an_interrupted_study_continues_to_the_same_report() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run(&options(whole.path()), usize::MAX).0.unwrap();
    let interrupted = options(parts.path());
    let mut calls = 0;
    let report = loop {
        match run(&interrupted, 150).0 {
            Ok(report) => break report,
            Err(StudyError::Interrupted { folder, .. }) => assert_eq!(folder, parts.path()),
            Err(error) => panic!("{error}"),
        }
        calls += 1;
        assert!(calls < 100, "no progress");
    };
    assert!(calls > 2);
    assert_eq!(timeless(&report), timeless(&expected));
}

#[test]
fn a_changed_option_computes_only_what_depends_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = options(folder.path());
    let (before, work) = run(&first, usize::MAX);
    assert!(work.steps > 0 && work.products > 0);

    let (again, work) = run(&first, usize::MAX);
    assert_eq!((timeless(&again.unwrap()), work), (timeless(before.as_ref().unwrap()), Work::default()));

    let more = LargeBatchOptions { top: 3, ..first.clone() };
    let (report, work) = run(&more, usize::MAX);
    assert_eq!((report.unwrap().cells[0].train.as_ref().unwrap().largest.len(), work.steps), (3, 0));
    assert!(work.products > 0);

    let added = LargeBatchOptions { batches: vec![5, 20, 40, 60], ..more.clone() };
    let (report, work) = run(&added, usize::MAX);
    let cell = &report.unwrap().cells[2];
    assert_eq!(work.steps, cell.steps);

    let further = LargeBatchOptions { target_loss: 0.6, ..more };
    let (report, work) = run(&further, usize::MAX);
    let all: usize = report.unwrap().cells.iter().map(|c| c.steps).sum();
    assert!(work.steps > 0 && work.steps < all, "it goes on from the higher loss");
}

#[test]
fn trainings_of_other_options_are_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let first = LargeBatchOptions { batches: vec![20], epochs: 1, ..options(folder.path()) };
    run(&first, usize::MAX).0.unwrap();
    let before = fs::read(folder.path().join("cell-20/model.safetensors")).unwrap();
    let other = LargeBatchOptions { rate: 0.01, ..first };
    let error = run(&other, usize::MAX).0.unwrap_err().to_string();
    assert!(error.starts_with("batch size 20: ") && error.contains("learning rate 0.03 there, 0.01 here"), "{error}");
    assert_eq!(fs::read(folder.path().join("cell-20/model.safetensors")).unwrap(), before);
    let forced = LargeBatchOptions { force: true, ..other };
    let report = run(&forced, usize::MAX).0.unwrap();
    assert_eq!(report.cells[0].rate, 0.01);
    assert!(large_batch_text(&report).contains("cannot be said: it takes at least two batch sizes"));
    assert!(large_batch_text(&report).contains("Batch size 20 did not reach the loss"));
}
