//! However a run was stopped or killed, it ends with the bits of the undisturbed one.

use super::*;
use std::path::PathBuf;
use std::time::Duration;

fn undisturbed(change: impl Fn(&mut TrainSpec)) -> (tempfile::TempDir, TrainReport) {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    change(&mut spec);
    let report = finish(&spec).unwrap();
    (folder, report)
}

#[test]
fn a_run_that_is_interrupted_after_every_few_steps_ends_with_the_same_bits() {
    let change = |spec: &mut TrainSpec| {
        spec.options.momentum = 0.8;
        spec.options.weight_decay = 1e-3;
        spec.options.augmentation = super::super::Augmentation { crop: 2, flip: true };
        spec.options.schedule = super::super::Schedule::Cosine;
        spec.options.warmup = 0.5;
    };
    let (whole, expected) = undisturbed(change);
    for every in [1, 3, 8, 11] {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = spec(folder.path());
        change(&mut spec);
        let mut calls = 1;
        let report = loop {
            match run_for(&spec, every) {
                Ok(report) => break report,
                Err(TrainError::Interrupted { .. }) => calls += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(calls <= 24 / every + 4, "no progress");
        };
        assert!(calls > 24 / every, "{calls} calls of {every} steps");
        assert_eq!(timeless(&report), timeless(&expected), "every {every} steps");
        assert_eq!(model_bytes(folder.path()), model_bytes(whole.path()), "every {every} steps");
    }
}

#[test]
fn a_run_that_is_killed_anywhere_continues_from_what_lies_in_its_folder() {
    let (whole, expected) = undisturbed(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut killed = spec(folder.path());
    killed.checkpoint_every = Duration::ZERO;
    // What a kill would leave after some of the checkpoints.
    let copies = tempfile::tempdir().unwrap();
    let mut left: Vec<PathBuf> = Vec::new();
    let mut count = 0;
    let mut observe = |event: Event<'_>| {
        if event == Event::Saved {
            count += 1;
            if count % 4 == 1 {
                let copy = copies.path().join(count.to_string());
                fs::create_dir(&copy).unwrap();
                for entry in fs::read_dir(folder.path()).unwrap() {
                    let entry = entry.unwrap();
                    fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
                }
                left.push(copy);
            }
        }
    };
    run(&killed, &mut Watch { observe: &mut observe, stop: &|| false }).unwrap();
    assert!(left.len() >= 6);
    for copy in left {
        fs::write(copy.join(".hesse-half.tmp"), b"half written").unwrap();
        let report = finish(&spec(&copy)).unwrap();
        assert_eq!(timeless(&report), timeless(&expected));
        assert_eq!(model_bytes(&copy), model_bytes(whole.path()));
    }
}

#[test]
fn a_damaged_checkpoint_is_replaced_by_the_one_before_with_a_notice() {
    let (whole, expected) = undisturbed(|_| {});
    for damage in ["cut", "missing"] {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = spec(folder.path());
        spec.checkpoint_every = Duration::ZERO;
        assert!(matches!(run_for(&spec, 13), Err(TrainError::Interrupted { epoch: 2, step: 5, steps: 8, .. })));
        let file = folder.path().join("checkpoint.safetensors");
        let bytes = fs::read(&file).unwrap();
        if damage == "cut" {
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        } else {
            fs::remove_file(&file).unwrap();
        }
        let report = finish(&spec).unwrap();
        let notice = report.manifest.notices.iter().any(|n| n.starts_with("continued from the checkpoint before"));
        assert_eq!(notice, damage == "cut");
        assert_eq!(timeless(&report), timeless(&expected));
        assert_eq!(model_bytes(folder.path()), model_bytes(whole.path()));
    }
}

#[test]
fn a_finished_run_is_reported_again_without_a_step_and_goes_on_with_more_epochs() {
    let (folder, first) = undisturbed(|_| {});
    let mut steps = 0;
    let mut observe = |event: Event<'_>| steps += usize::from(matches!(event, Event::Step { .. }));
    let again = run(&spec(folder.path()), &mut Watch { observe: &mut observe, stop: &|| false }).unwrap();
    assert_eq!((steps, &again), (0, &first));

    let (longer, expected) = undisturbed(|spec| spec.options.epochs = 5);
    let mut more = spec(folder.path());
    more.options.epochs = 5;
    let report = finish(&more).unwrap();
    assert_eq!(timeless(&report), timeless(&expected));
    assert_eq!(model_bytes(folder.path()), model_bytes(longer.path()));
}

#[test]
fn an_interruption_before_the_first_step_leaves_a_run_to_continue() {
    let (whole, _) = undisturbed(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path());
    let error = run_for(&spec, 0).unwrap_err();
    assert!(error.to_string().starts_with("interrupted in epoch 1 after 0 of 8 steps; the same command continues"));
    finish(&spec).unwrap();
    assert_eq!(model_bytes(folder.path()), model_bytes(whole.path()));
}
