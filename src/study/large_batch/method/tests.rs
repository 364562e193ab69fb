//! The comparison from end to end on a tiny network.

use super::super::{LargeBatchOptions, Variant};
use super::*;
use crate::problem::BackendSpec;
use crate::study::StudyError;
use crate::study::test_support::{Work, run_for, timeless, until_done};
use hesse_core::registry;
use std::fs;
use std::path::Path;

fn options(out: &Path) -> LargeBatchOptions {
    LargeBatchOptions {
        model: "mlp:hidden=8,activation=tanh".to_string(),
        data: "glyphs:train=60,test=30".parse().unwrap(),
        backend: BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            threads: Some(1),
            ..BackendSpec::default()
        },
        batches: vec![10, 30, 60],
        seeds: 2,
        epochs: 12,
        warmup: Some(3.0),
        rate: 0.03,
        target_loss: 0.5,
        curvature_samples: Some(20),
        tolerance: 1e-3,
        ..LargeBatchOptions::method_quick(out)
    }
}

fn run(options: &LargeBatchOptions, most: usize) -> (Result<LargeBatchMethodReport, StudyError>, Work) {
    run_for(most, |watch| large_batch_method(options, watch))
}

#[test]
fn three_methods_are_compared_and_the_scaled_one_begins_above_the_smallest_batch() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let pieces = large_batch_method_pieces(&options).unwrap();
    assert_eq!(pieces.len(), 2 * (3 + 2 + 3));
    let planned = large_batch_method_plan(&options).unwrap();
    assert!(planned.to_string().contains("batch size 60, scaled, seed 1"), "{planned}");
    assert!(planned.memory > 1 << 20);
    let report = run(&options, usize::MAX).0.unwrap();
    assert_eq!((report.cells.len(), report.groups.len()), (16, 8));
    assert!(report.group(10, Variant::Scaled).is_none() && report.group(60, Variant::Scaled).is_some());
    let rate = |batch, method| report.group(batch, method).unwrap().rate;
    assert_eq!((rate(60, Variant::Plain), rate(60, Variant::Robust)), (0.03, 0.03));
    assert!((rate(60, Variant::Scaled) - 0.18).abs() < 1e-12 && (rate(30, Variant::Scaled) - 0.09).abs() < 1e-12);
    let text = large_batch_method_text(&report);
    for part in ["scaled rate", "At batch size 60 test accuracy is: plain", "3 epochs of warm-up", "no noise"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(["methods", "attacked", "training"].iter().all(|name| page.contains(&format!("id=\"{name}\""))));
    let csv = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, vec![columns[0]; 17]);
    let (again, work) = run(&options, usize::MAX);
    assert_eq!((again.unwrap().answer, work), (report.answer, Work::default()));
}

#[test]
fn a_training_that_diverges_is_a_result_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    // Weight decay of 1 multiplies every parameter by 1 − rate: a plain rate of 0.5 shrinks them, and a scaled one of 5, beyond
    // 2(1 + momentum), lets them grow without bounds.
    let options = LargeBatchOptions {
        batches: vec![6, 60],
        warmup: Some(0.0),
        rate: 0.5,
        weight_decay: 1.0,
        target_loss: 1e-9,
        seeds: 1,
        epochs: 120,
        ..options(folder.path())
    };
    let report = run(&options, usize::MAX).0.unwrap();
    let diverged: Vec<(usize, Variant)> =
        report.cells.iter().filter(|c| c.diverged.is_some()).map(|c| (c.batch_size, c.method)).collect();
    assert_eq!(diverged, [(60, Variant::Scaled)]);
    assert_eq!((report.diverged(60, Variant::Scaled), report.group(60, Variant::Scaled)), ((1, 1), None));
    large_batch_method_piece(
        &options,
        "cell-60-scaled-0",
        &mut crate::study::Watch { observe: &mut |_| {}, stop: &|| false, since: std::time::Instant::now() },
    )
    .unwrap();
    let text = large_batch_method_text(&report);
    assert!(text.contains("scaled rate diverged") && text.contains("Batch size 60, scaled rate: "), "{text}");
}

#[test]
fn an_interrupted_comparison_goes_on_to_the_same_result() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = |report: &LargeBatchMethodReport| timeless(serde_json::to_value(report).unwrap());
    let expected = run(&options(whole.path()), usize::MAX).0.unwrap();
    let interrupted = options(parts.path());
    let (report, calls) = until_done(|| 150, |watch| large_batch_method(&interrupted, watch));
    assert!(calls > 2);
    assert_eq!(data(&report), data(&expected));
}

#[test]
fn what_is_no_comparison_is_refused() {
    let said = |options: LargeBatchOptions| run(&options, usize::MAX).0.unwrap_err().to_string();
    let place = Path::new("x");
    assert!(
        said(LargeBatchOptions { batches: vec![8], ..options(place) }).starts_with("batch sizes: expected a small one")
    );
    assert!(said(LargeBatchOptions { warmup: None, ..options(place) }).starts_with("warm-up"));
    assert!(said(LargeBatchOptions { robust: None, ..options(place) }).starts_with("robust training"));
    let paper = LargeBatchOptions::method_paper("cifar10".parse().unwrap(), "x");
    super::options::check(&paper).unwrap();
    assert_eq!((paper.model.as_str(), paper.batches.last()), ("c1", Some(&16384)));
}
