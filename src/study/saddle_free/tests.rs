//! A small study from end to end, on the first backend that is registered.

use super::*;
use crate::study::StudyError;
use crate::study::test_support::{Work, run_for, until_done};
use hesse_core::graph::Mode;
use hesse_core::registry;
use std::fs;
use std::path::Path;

fn options(out: &Path) -> SaddleFreeOptions {
    let cell = |model: &str, mode| CellSpec { model: model.to_string(), mode };
    SaddleFreeOptions {
        cells: vec![
            cell("mlp:hidden=16", Mode::Eval),
            cell("mlp:activation=tanh,hidden=16", Mode::Eval),
            cell("resnet20:width=0.1", Mode::Eval),
            cell("resnet20:width=0.1", Mode::Train),
        ],
        data: "glyphs:train=60,test=12".parse().unwrap(),
        batch: 20,
        epochs: 2,
        measure_batch: 8,
        coupled_batch: 3,
        coupled_samples: 6,
        max_products: 24,
        coupled_products: 40,
        landscape_side: 3,
        backend: crate::problem::BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            threads: Some(2),
            ..crate::problem::BackendSpec::default()
        },
        ..SaddleFreeOptions::quick(out)
    }
}

fn run(options: &SaddleFreeOptions, most: usize) -> (Result<SaddleFreeReport, StudyError>, Work) {
    run_for(most, |watch| saddle_free(options, watch))
}

/// The rows without times.
fn timeless(report: &SaddleFreeReport) -> Vec<SaddleFreeCell> {
    report.cells.iter().map(|c| SaddleFreeCell { seconds: 0.0, ..c.clone() }).collect()
}

#[test]
fn the_theorem_holds_where_it_applies_and_breaks_where_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let report = run(&options(folder.path()), usize::MAX).0.unwrap();
    let assumed: Vec<bool> = report.cells.iter().map(|c| c.assumed).collect();
    assert_eq!(assumed, [true, false, true, false]);
    for cell in &report.cells {
        let said = saddle_free_text(&report);
        assert!(cell.as_expected(), "{}: {said}", cell.name);
        if cell.assumed {
            assert_eq!((cell.points.len(), cell.hold, cell.rank_bound), (12, 12, 9), "{said}");
            assert!(cell.points.iter().all(|p| p.lowest_share() > -1e-10), "{said}");
            // Of a saturated sample rounding may hide where the Krylov space closes.
            let complete = cell.points.iter().filter(|p| p.complete).count();
            assert!(complete >= 10, "{complete} complete; {said}");
        } else {
            assert!(cell.negative > 0 && cell.lowest_share.unwrap().min < -1e-3, "{said}");
        }
    }
    let coupled = &report.cells[3];
    assert_eq!((coupled.points.len(), coupled.samples_per_point, coupled.rank_bound), (2, 3, 27));
    assert!(coupled.coupling.unwrap().min > 1e-3 && report.cells[2].coupling.is_none());
    assert!(report.as_expected && report.answer.starts_with("Yes: at 24 of 24 samples"), "{}", report.answer);
    assert!(report.answer.contains("is indefinite at"), "{}", report.answer);

    let landscape = report.cells[1].landscape.as_ref().unwrap();
    assert_eq!((landscape.offsets.len(), landscape.losses.len(), landscape.losses[2].len()), (3, 3, 3));
    let point = report.cells[1].points.iter().find(|p| p.index == landscape.index).unwrap();
    assert!((landscape.losses[1][1] - point.loss).abs() < 1e-9, "its centre is the sample");
    assert!((landscape.eigenvalues[0] / point.largest - 1.0).abs() < 1e-3 && landscape.slopes[0] >= 0.0);

    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("study.json")).unwrap();
    assert_eq!(json["schema"], "hesse.study.saddle-free/1");
    assert_eq!(json["cells"][0]["points"].as_array().unwrap().len(), 12);
    assert_eq!(read("table.csv").lines().count(), 1 + 12 + 12 + 12 + 2);
    assert!(read("report.md").contains("**Answer.**") && read("report.md").contains("| mlp:hidden=16 | applies |"));
    // Two distributions, and a landscape of each network whose samples are separate.
    assert_eq!(read("report.html").matches("<div><svg").count(), 2 + 3);
    assert!(read("pictures/lowest.svg").contains("mlp:activation=tanh,hidden=16"));
}

#[test]
fn an_interrupted_study_continues_and_a_finished_one_computes_nothing() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let two = |out: &Path| {
        let mut options = options(out);
        options.cells.truncate(2);
        options
    };
    let (expected, first) = run(&two(whole.path()), usize::MAX);
    let expected = expected.unwrap();
    let (report, calls) = until_done(|| 110, |watch| saddle_free(&two(parts.path()), watch));
    assert!(calls > 0 && first.steps > 0 && first.products > 0);
    assert_eq!(timeless(&report), timeless(&expected));

    let (again, work) = run(&two(whole.path()), usize::MAX);
    assert_eq!((timeless(&again.unwrap()), work), (timeless(&expected), Work::default()));
    let stricter = SaddleFreeOptions { semi_definite: 1e-9, ..two(whole.path()) };
    let (_, work) = run(&stricter, usize::MAX);
    assert!(work.steps == 0 && work.products > 0, "{work:?}");
}
