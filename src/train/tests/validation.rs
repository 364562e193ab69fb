//! Held-back samples and the weights that are kept.

use super::*;
use crate::train::{Adversary, Keep, Validation};
use hesse_core::attack::Norm;

/// Rates so large that the accuracy goes up and down.
fn rough(out: &Path, keep: Keep) -> TrainSpec {
    let mut spec = spec(out);
    spec.options.epochs = 6;
    spec.options.rate = 0.8;
    let adversary = Some(Adversary::new("pgd:steps=3", Norm::Linf, 0.05));
    spec.options.validation = Some(Validation { samples: 13, adversary, keep });
    spec
}

fn tensors(file: &Path) -> Vec<f64> {
    crate::weights::read(file).unwrap().iter().flat_map(|(_, t)| t.values.to_f64()).collect()
}

/// The first of the epochs that did best, counted from 1.
fn best(report: &TrainReport) -> usize {
    let accuracy = |r: &EpochRecord| r.validation_accuracy.unwrap();
    let most = report.epochs.iter().map(accuracy).fold(0.0, f64::max);
    report.epochs.iter().position(|r| accuracy(r) == most).unwrap() + 1
}

#[test]
fn the_weights_of_the_best_epoch_are_those_of_a_run_that_ended_there() {
    let folder = tempfile::tempdir().unwrap();
    let report = finish(&rough(folder.path(), Keep::Best)).unwrap();
    let best = best(&report);
    assert!(best < 6, "the last epoch was the best: the test needs a rougher run");
    assert_eq!(report.kept_epoch, best);
    assert_eq!(report.test_accuracy, report.epochs[best - 1].test_accuracy);
    assert_eq!(report.data.samples, 40);

    let shorter = tempfile::tempdir().unwrap();
    let mut spec = rough(shorter.path(), Keep::Last);
    spec.options.epochs = best;
    let ended = finish(&spec).unwrap();
    let model = |folder: &Path| tensors(&folder.join("model.safetensors"));
    assert_eq!(model(folder.path()), model(shorter.path()));
    assert_eq!((report.train_loss, report.train_accuracy), (ended.train_loss, ended.train_accuracy));
    assert_eq!(ended.kept_epoch, best);
}

#[test]
fn a_finished_run_gives_the_other_weights_when_they_are_asked_for_and_goes_on_from_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let kept = finish(&rough(folder.path(), Keep::Best)).unwrap();
    let model = || tensors(&folder.path().join("model.safetensors"));
    let first = model();
    let last = finish(&rough(folder.path(), Keep::Last)).unwrap();
    assert_eq!((last.kept_epoch, timeless(&last)), (6, timeless(&kept)));
    assert_ne!(first, model());
    let mut more = rough(folder.path(), Keep::Last);
    more.options.epochs = 8;
    finish(&more).unwrap();
    let undisturbed = tempfile::tempdir().unwrap();
    more.out = undisturbed.path().to_owned();
    finish(&more).unwrap();
    assert_eq!(model(), tensors(&undisturbed.path().join("model.safetensors")));
}

#[test]
fn interrupted_at_any_step_it_keeps_the_same_weights() {
    let whole = tempfile::tempdir().unwrap();
    let expected = finish(&rough(whole.path(), Keep::Best)).unwrap();
    let parts = tempfile::tempdir().unwrap();
    let interrupted = rough(parts.path(), Keep::Best);
    let mut calls = 0;
    let report = loop {
        match run_for(&interrupted, 4) {
            Ok(report) => break report,
            Err(TrainError::Interrupted { .. }) => calls += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(calls < 60, "no progress");
    };
    assert!(calls >= 5);
    assert_eq!((report.kept_epoch, timeless(&report)), (expected.kept_epoch, timeless(&expected)));
    assert_eq!(model_bytes(parts.path()), model_bytes(whole.path()));
}

#[test]
fn accuracy_under_attack_is_that_of_the_attacked_samples_and_at_most_the_clean_one() {
    let accuracies = |epsilon: Option<f64>| {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = rough(folder.path(), Keep::Last);
        spec.options.rate = 0.05;
        let adversary = epsilon.map(|epsilon| Adversary::new("pgd:steps=5", Norm::Linf, epsilon));
        spec.options.validation = Some(Validation { samples: 13, adversary, keep: Keep::Last });
        let report = finish(&spec).unwrap();
        report.epochs.iter().map(|r| r.validation_accuracy.unwrap()).collect::<Vec<_>>()
    };
    let (clean, nothing, attacked) = (accuracies(None), accuracies(Some(0.0)), accuracies(Some(0.5)));
    assert_eq!(clean, nothing);
    assert!(clean.iter().zip(&attacked).all(|(clean, attacked)| attacked <= clean), "{clean:?} {attacked:?}");
    assert!(attacked.last() < clean.last(), "{clean:?} {attacked:?}");
    assert!(clean.last().is_some_and(|c| *c > 0.2), "{clean:?}");
}

#[test]
fn lost_weights_of_the_best_epoch_are_missed_by_name() {
    let folder = tempfile::tempdir().unwrap();
    finish(&rough(folder.path(), Keep::Best)).unwrap();
    fs::remove_file(folder.path().join("best.safetensors")).unwrap();
    finish(&rough(folder.path(), Keep::Last)).unwrap();
    let error = finish(&rough(folder.path(), Keep::Best)).unwrap_err().to_string();
    assert!(error.contains("best.safetensors") && error.contains("the weights after epoch"), "{error}");
}

#[test]
fn interrupted_while_the_kept_weights_are_evaluated_it_still_goes_on_from_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = rough(folder.path(), Keep::Best);
    spec.options.micro_batch = Some(5);
    let stop = AtomicBool::new(false);
    let mut observe = |event: Event<'_>| {
        // The training samples are evaluated once, at the end; the held-back ones are fewer.
        if matches!(event, Event::Evaluating { total: 40, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let ended = run(&spec, &mut Watch { observe: &mut observe, stop: &|| stop.load(Ordering::Relaxed) });
    assert!(matches!(ended, Err(TrainError::Interrupted { .. })), "{ended:?}");
    spec.options.epochs = 8;
    let continued = finish(&spec).unwrap();
    let undisturbed = tempfile::tempdir().unwrap();
    spec.out = undisturbed.path().to_owned();
    let expected = finish(&spec).unwrap();
    assert_eq!((continued.kept_epoch, timeless(&continued)), (expected.kept_epoch, timeless(&expected)));
    assert_eq!(model_bytes(folder.path()), model_bytes(undisturbed.path()));
}
