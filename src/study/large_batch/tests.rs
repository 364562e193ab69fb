//! A small study from end to end, on the first backend and solver that are registered.

use super::*;
use crate::study::StudyError;
use crate::study::test_support::{Work, run_for, timeless, until_done};
use crate::train::{Adversary, Robust};
use hesse_core::attack::Norm;
use hesse_core::random::{Purpose, Stream};
use hesse_core::registry;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn options(out: &Path) -> LargeBatchOptions {
    LargeBatchOptions {
        model: "mlp:hidden=8,activation=tanh".to_string(),
        data: "glyphs:train=60,test=30".parse().unwrap(),
        backend: crate::problem::BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            threads: Some(1),
            ..crate::problem::BackendSpec::default()
        },
        batches: vec![5, 20, 60],
        seeds: 1,
        robust: None,
        target_loss: 0.7,
        epochs: 400,
        rate: 0.03,
        curvature_samples: Some(40),
        top: 2,
        tolerance: 1e-3,
        epsilons: vec![],
        inputs: false,
        line_points: 0,
        plane_points: 0,
        track_every: 0,
        ..LargeBatchOptions::quick(out)
    }
}

/// Everything that there is, for two batch sizes and seeds.
fn everything(out: &Path) -> LargeBatchOptions {
    LargeBatchOptions {
        batches: vec![10, 60],
        seeds: 2,
        robust: Some(Robust::Adversarial(Adversary::new("fgsm", Norm::Linf, 0.02))),
        target_loss: 1.2,
        epsilons: vec![0.02, 0.05],
        inputs: true,
        line_points: 5,
        plane_points: 3,
        track_every: 8,
        track_samples: 100,
        curvature_samples: Some(20),
        ..options(out)
    }
}

fn run(options: &LargeBatchOptions, most: usize) -> (Result<LargeBatchReport, StudyError>, Work) {
    run_for(most, |watch| large_batch(options, watch))
}

fn data(report: &LargeBatchReport) -> serde_json::Value {
    timeless(serde_json::to_value(report).unwrap())
}

#[test]
fn a_study_trains_measures_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let report = run(&options(folder.path()), usize::MAX).0.unwrap();
    assert_eq!(report.cells.iter().map(|c| c.batch_size).collect::<Vec<_>>(), [5, 20, 60]);
    for cell in &report.cells {
        assert!(cell.target_reached && cell.train_loss <= 0.7);
        assert_eq!((cell.train.samples, cell.test.samples), (40, 30));
        assert_eq!((cell.train.largest.len(), cell.test.largest.len()), (2, 1));
        assert!(cell.train.converged && cell.train.largest[0].value >= cell.train.largest[1].value);
    }
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("study.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "hesse.study.large-batch/1");
    assert_eq!(json["cells"][1]["train"]["largest"][0]["value"], report.cells[1].train.lambda());
    let csv = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [5 + 14 + 4 + 2; 4]);
    let text = large_batch_text(&report);
    assert!(text.contains("λ₁ of the training Hessian ") && text.contains("over 3 sizes"), "{text}");
}

#[test]
fn everything_that_the_paper_shows_is_measured_with_and_without_robust_training() {
    let folder = tempfile::tempdir().unwrap();
    let planned = large_batch_plan(&everything(folder.path())).unwrap();
    assert!(planned.seconds() > 0.0 && planned.to_string().contains("batch size 60, robust, seed 1"), "{planned}");
    let report = run(&everything(folder.path()), usize::MAX).0.unwrap();
    assert_eq!(large_batch_plan(&everything(folder.path())).unwrap().seconds(), 0.0, "everything is there");
    assert_eq!((report.cells.len(), report.groups.len(), report.ratios.len()), (8, 4, 2));
    for cell in &report.cells {
        let first = cell.seed == 0;
        assert!(
            cell.target_reached && cell.train_loss <= 1.2,
            "robust networks stop at the same loss on clean samples"
        );
        assert_eq!(cell.attacks.len(), 4);
        for pair in cell.attacks.chunks(2) {
            assert!(pair[0].epsilon < pair[1].epsilon && pair[1].test <= pair[0].test + 1e-9, "{pair:?}");
        }
        let inputs = cell.test_inputs.as_ref().unwrap();
        assert!(inputs.samples == 20 && inputs.converged && inputs.largest.max >= inputs.largest.mean);
        assert!(inputs.gradient_norm >= inputs.gradient_norms.max);
        assert_eq!(
            (cell.line.len(), cell.plane.is_some(), cell.track.is_empty()),
            (5 * usize::from(first), first, !first)
        );
    }
    let robust = report.cells.iter().find(|c| c.variant == Variant::Robust).unwrap();
    let plain = report.cells.iter().find(|c| c.variant == Variant::Plain).unwrap();
    assert!(robust.epochs > 0 && robust.train_loss != plain.train_loss);

    // Seeds make a spread, and the mean of the group is that of its cells.
    let group = &report.groups[0];
    let values: Vec<f64> = report
        .cells
        .iter()
        .filter(|c| c.batch_size == 10 && c.variant == Variant::Plain)
        .map(|c| c.train.lambda())
        .collect();
    assert!(values.len() == 2 && values[0] != values[1]);
    assert!((group.mean("lambda_train") - 0.5 * (values[0] + values[1])).abs() < 1e-12);
    assert!(group.values["lambda_train"].spread.unwrap() > 0.0);

    // What is drawn: every picture of the paper, with its robust counterpart.
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    for name in ["lambda1", "spectrum", "attacked", "inputs", "lines", "planes", "track", "training", "accuracy"] {
        assert!(
            page.contains(&format!("id=\"{name}\"")) && folder.path().join(format!("pictures/{name}.png")).is_file(),
            "{name}"
        );
    }
    let text = large_batch_text(&report);
    assert!(
        text.contains("robust training leaves λ₁ at") && text.contains("FGSM-10") && text.contains("λ₁ˣ test"),
        "{text}"
    );
}

#[test]
fn the_loss_along_an_eigenvector_curves_by_its_eigenvalue() {
    let folder = tempfile::tempdir().unwrap();
    let options = LargeBatchOptions {
        batches: vec![20],
        line_points: 101,
        plane_points: 3,
        backend: crate::problem::BackendSpec {
            precision: hesse_core::vectors::Precision::F64,
            ..options(folder.path()).backend
        },
        ..options(folder.path())
    };
    let report = run(&options, usize::MAX).0.unwrap();
    let cell = &report.cells[0];
    let (step, at) = (cell.line[51].step - cell.line[50].step, |i: usize| cell.line[i].train);
    let curvature = (at(51) - 2.0 * at(50) + at(49)) / (step * step);
    assert!((curvature / cell.train.lambda() - 1.0).abs() < 1e-2, "{curvature} against {}", cell.train.lambda());
    assert!((at(50) - cell.train.loss).abs() < 1e-12 && (cell.line[50].test - cell.test.loss).abs() < 1e-12);
    let plane = cell.plane.as_ref().unwrap();
    assert!((plane.losses[4] - cell.train.loss).abs() < 1e-12, "the middle of the plane is the network");
    assert!(plane.losses[3] != plane.losses[1], "the two directions differ");
}

/// Every file of the report, as bytes; `study.json` without times.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf(), folder.join("tables"), folder.join("pictures")];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let mut bytes = fs::read(&path).unwrap();
                if path.ends_with("study.json") {
                    let value = timeless(serde_json::from_slice(&bytes).unwrap());
                    bytes = value.to_string().into_bytes();
                }
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
            }
        }
    }
    found
}

#[test]
fn a_study_interrupted_at_random_moments_ends_with_the_same_report_byte_for_byte() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(&everything(whole.path()), usize::MAX).0.unwrap();
    let mut random = Stream::new(1, Purpose::Probe, 0);
    let moments = || 1 + (random.uniform() * 400.0) as usize;
    let options = everything(parts.path());
    let (_, interruptions) = until_done(moments, |watch| large_batch(&options, watch));
    assert!(interruptions >= 10, "only {interruptions} interruptions");
    let (expected, found) = (files(whole.path()), files(parts.path()));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(found.len() > 25);
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{} differs", name.display());
    }
}

#[test]
fn parts_put_together_are_the_study_and_nothing_is_computed_again() {
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let [whole, one, two, merged] = [0, 1, 2, 3].map(|i| folders[i].path());
    let expected = run(&everything(whole), usize::MAX).0.unwrap();
    let part = |out: &Path, part: usize| {
        run_for(usize::MAX, |watch| large_batch_shard(&everything(out), Shard { part, of: 2 }, watch)).0.unwrap()
    };
    let first = part(one, 1);
    assert_eq!((first.cells.len(), first.of), (4, 8));
    let alone = merge_shards(&[one.to_path_buf()], merged).unwrap_err().to_string();
    assert!(alone.contains("2/2 missing"), "{alone}");
    part(two, 2);
    let parts = merge_shards(&[two.to_path_buf(), one.to_path_buf()], merged).unwrap();
    assert_eq!(parts.iter().map(|p| p.shard.part).collect::<Vec<_>>(), [1, 2]);
    let (report, work) = run(&everything(merged), usize::MAX);
    assert_eq!((work, data(&report.unwrap())), (Work::default(), data(&expected)));
    assert_eq!(files(merged), files(whole));
    let nothing = merge_shards(&[whole.to_path_buf()], merged).unwrap_err().to_string();
    assert!(nothing.contains("--shard I/N"), "{nothing}");
}

#[test]
fn a_changed_option_computes_only_what_depends_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = LargeBatchOptions { target_loss: 1.2, ..options(folder.path()) };
    let (before, work) = run(&first, usize::MAX);
    assert!(work.steps > 0 && work.products > 0);

    let (again, work) = run(&first, usize::MAX);
    assert_eq!((data(&again.unwrap()), work), (data(before.as_ref().unwrap()), Work::default()));

    let more = LargeBatchOptions { top: 3, ..first.clone() };
    let (report, work) = run(&more, usize::MAX);
    assert_eq!((report.unwrap().cells[0].train.largest.len(), work.steps, work.samples), (3, 0, 0));
    assert!(work.products > 0);

    let attacked = LargeBatchOptions { epsilons: vec![0.02], ..more };
    let (_, work) = run(&attacked, usize::MAX);
    assert!(work.samples > 0 && work.steps == 0 && work.products == 0, "{work:?}");

    let inputs = LargeBatchOptions { inputs: true, ..attacked };
    let (_, work) = run(&inputs, usize::MAX);
    assert!(work.products > 0 && work.steps == 0 && work.samples == 0, "{work:?}");

    let robust = LargeBatchOptions { robust: everything(folder.path()).robust, batches: vec![20], ..inputs.clone() };
    let (report, work) = run(&robust, usize::MAX);
    let report = report.unwrap();
    assert_eq!((report.cells.len(), work.steps), (2, report.cells[1].steps), "the plain network is there");

    let added = LargeBatchOptions { batches: vec![5, 20, 40, 60], ..inputs.clone() };
    let (report, work) = run(&added, usize::MAX);
    assert_eq!(work.steps, report.unwrap().cells[2].steps);

    let seeds = LargeBatchOptions { seeds: 2, batches: vec![20], ..inputs.clone() };
    let (report, work) = run(&seeds, usize::MAX);
    assert_eq!(work.steps, report.unwrap().cells[1].steps);

    let further = LargeBatchOptions { target_loss: 1.0, ..inputs };
    let (report, work) = run(&further, usize::MAX);
    let all: usize = report.unwrap().cells.iter().map(|c| c.steps).sum();
    assert!(work.steps > 0 && work.steps < all, "it goes on from the higher loss");
}

#[test]
fn trainings_of_other_options_are_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let first = LargeBatchOptions { batches: vec![20], epochs: 1, ..options(folder.path()) };
    run(&first, usize::MAX).0.unwrap();
    let network = folder.path().join("cell-20-plain-0/model.safetensors");
    let before = fs::read(&network).unwrap();
    let other = LargeBatchOptions { rate: 0.01, ..first };
    let error = run(&other, usize::MAX).0.unwrap_err().to_string();
    assert!(error.starts_with("batch size 20: ") && error.contains("learning rate 0.03 there, 0.01 here"), "{error}");
    assert_eq!(fs::read(&network).unwrap(), before);
    let forced = LargeBatchOptions { force: true, ..other };
    let report = run(&forced, usize::MAX).0.unwrap();
    assert_eq!(report.cells[0].rate, 0.01);
    assert!(large_batch_text(&report).contains("cannot be said: it takes at least two batch sizes"));
    assert!(large_batch_text(&report).contains("Batch size 20 did not reach the loss"));
}
