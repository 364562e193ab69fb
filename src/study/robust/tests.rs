//! A small study from end to end, on the first backend that is registered.

use super::*;
use crate::study::StudyError;
use crate::study::test_support::{Work, run_for, until_done};
use hesse_core::registry;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn options(out: &Path) -> RobustOptions {
    RobustOptions {
        model: "mlp:hidden=12".to_string(),
        data: "glyphs:train=120,test=40".parse().unwrap(),
        backend: crate::problem::BackendSpec {
            name: registry::backends().first().expect("a backend").name.to_string(),
            ..crate::problem::BackendSpec::default()
        },
        attacks: vec!["fgsm".into(), "l2grad".into()],
        epochs: 6,
        tune_epochs: 2,
        batch: 20,
        rate: 0.05,
        line_points: 5,
        spectrum_samples: vec![1, 30],
        evaluation_batch: 16,
        ..RobustOptions::quick(out)
    }
}

fn run(options: &RobustOptions, most: usize) -> (Result<RobustReport, StudyError>, Work) {
    run_for(most, |watch| robust(options, watch))
}

/// A report without what the clock says.
fn timeless(report: &RobustReport) -> RobustReport {
    let mut report = report.clone();
    report.seconds = 0.0;
    for model in &mut report.models {
        model.train_seconds = 0.0;
        model.spectra.iter_mut().for_each(|cell| cell.found.seconds = 0.0);
    }
    report
}

#[test]
fn a_study_trains_attacks_measures_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let planned = robust_plan(&options).unwrap();
    assert!(planned.seconds() > 0.0 && planned.to_string().contains("training against L2GRAD"), "{planned}");
    let report = run(&options, usize::MAX).0.unwrap();
    assert_eq!(
        report.models.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["original", "control", "tuned-fgsm", "tuned-l2grad"]
    );
    let roles: Vec<Role> = report.models.iter().map(|m| m.role).collect();
    assert_eq!(roles, [Role::Original, Role::Control, Role::Robust, Role::Robust]);
    assert!(report.models[1].line.is_none() && report.models[1].train_robust_accuracy.is_none());
    assert_ne!(report.models[1].lambda(), report.models[0].lambda());
    let original = &report.models[0];
    assert!(original.test_accuracy > original.transfer_mean, "the sets fool the network they were made on");
    for model in &report.models {
        assert_eq!((model.transfer.len(), model.white_box.len(), model.spectra.len()), (2, 2, 2));
        assert_eq!(model.spectra.iter().map(|s| s.found.samples).collect::<Vec<_>>(), [1, 30]);
        assert!(model.white_box.iter().all(|a| *a <= model.test_accuracy));
        assert!(model.spectra.iter().all(|s| s.smallest() <= s.found.lambda()));
    }
    for model in &report.models[2..] {
        assert!(
            model.transfer_mean > original.transfer_mean,
            "{} against {}",
            model.transfer_mean,
            original.transfer_mean
        );
        let line = model.line.as_ref().unwrap();
        assert_eq!(line.points.len(), 5);
        // −0.25, 0.125, …: the ends of the line are no point of five, so both networks are compared on their own.
        assert!(line.distance > 0.0);
    }
    // On the original the fixed sets fool at least those that one step of the same attack fools.
    assert!(original.white_box[0] <= original.transfer[0] + 1e-12);

    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("study.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "hesse.study.robust/1");
    assert_eq!(json["models"][2]["transfer"][0], report.models[2].transfer[0]);
    let markdown = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(markdown.contains("**Answer.**") && markdown.contains("| against FGSM |"), "{markdown}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.matches("<svg").count() >= 5 && page.contains("against L2GRAD"));
    let csv = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    assert!(csv.lines().all(|line| line.split(',').count() == 4) && csv.contains("tuned-l2grad,white_box,fgsm,"));
    let text = robust_text(&report);
    assert!(text.contains("(control)") && text.contains("of 2 cases"), "{text}");
    assert!(robust_plan(&options).unwrap().seconds() == 0.0, "everything is there");
}

#[test]
fn the_ends_of_the_line_are_the_networks_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let options = RobustOptions {
        attacks: vec!["fgsm".into()],
        line_points: 7,
        spectrum_samples: vec![],
        ..options(folder.path())
    };
    let report = run(&options, usize::MAX).0.unwrap();
    let (original, tuned) = (&report.models[0], &report.models[2]);
    let points = &tuned.line.as_ref().unwrap().points;
    for (model, point) in [(original, &points[1]), (tuned, &points[5])] {
        assert!((point.loss - model.test_loss).abs() < 1e-6 * model.test_loss, "{point:?}");
        assert_eq!((point.accuracy, point.adversarial_accuracy), (model.test_accuracy, model.transfer[0]));
    }
}

#[test]
fn an_interrupted_study_continues_to_the_same_report() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run(&options(whole.path()), usize::MAX).0.unwrap();
    let interrupted = options(parts.path());
    let (report, calls) = until_done(|| 60, |watch| robust(&interrupted, watch));
    assert!(calls > 2);
    let (mut found, mut wanted) = (timeless(&report), timeless(&expected));
    // The weights that a tuned training began with are named by their place.
    found.manifest.command.clear();
    wanted.manifest.command.clear();
    assert_eq!(found, wanted);
}

#[test]
fn a_changed_option_computes_only_what_depends_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = options(folder.path());
    let (before, _) = run(&first, usize::MAX);
    let (again, work) = run(&first, usize::MAX);
    assert_eq!((timeless(&again.unwrap()), work), (timeless(before.as_ref().unwrap()), Work::default()));

    let spectra = RobustOptions { top: 1, ..first.clone() };
    let work = run(&spectra, usize::MAX).1;
    assert!(work.products > 0 && work.steps == 0 && work.samples == 0, "{work:?}");

    let finer = RobustOptions { line_points: 7, ..spectra.clone() };
    let work = run(&finer, usize::MAX).1;
    assert!(work.samples > 0 && work.steps == 0 && work.products == 0, "{work:?}");

    // Another budget: the tuned networks of that norm are others, the plain one and those of the other norm stay.
    let stronger = RobustOptions { epsilon_l2: 2.0, force: true, ..finer };
    let (report, work) = run(&stronger, usize::MAX);
    let report = report.unwrap();
    let steps = 2 * 120_usize.div_ceil(20);
    assert_eq!(work.steps, steps);
    let transfer: BTreeMap<&str, &Vec<f64>> = report.models.iter().map(|m| (m.name.as_str(), &m.transfer)).collect();
    assert_eq!(transfer["original"][0], before.unwrap().models[0].transfer[0]);
}

#[test]
fn an_attack_that_is_not_there_is_left_out_with_a_notice_and_an_unknown_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let all = RobustOptions::quick(folder.path());
    let (chosen, missing) = choose_attacks(&all).unwrap();
    assert_eq!(chosen.len() + missing.len(), 6);
    assert!(chosen.iter().any(|a| a.label == "l2grad" && a.attack == "fgsm" && a.epsilon == all.epsilon_l2));
    let wrong = RobustOptions { attacks: vec!["fgms".into()], ..all };
    let error = choose_attacks(&wrong).unwrap_err().to_string();
    assert!(error.starts_with("attacks of the study: expected some of fgsm, fgsm10, l2grad"), "{error}");
}
