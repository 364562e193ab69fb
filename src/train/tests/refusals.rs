//! What is refused, and that a refusal leaves everything as it was.

use super::*;
use std::collections::BTreeMap;

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(read).collect()
}

type Change = fn(&mut TrainSpec);

#[test]
fn a_folder_of_another_run_is_refused_naming_what_differs_and_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    finish(&spec(folder.path())).unwrap();
    let before = contents(folder.path());
    let changes: [(&str, Change); 6] = [
        ("learning rate 0.05 there, 0.1 here", |s| s.options.rate = 0.1),
        ("batch size 7 there, 8 here", |s| s.options.batch = 8),
        ("seed 4 there, 5 here", |s| s.seed = 5),
        ("model mlp:activation=tanh,hidden=9 there, mlp:hidden=9 here", |s| s.model = "mlp:hidden=9".into()),
        ("test data", |s| s.test_samples = "0..5".parse().unwrap()),
        ("training data", |s| s.data = "glyphs:train=53,test=12,seed=1".parse().unwrap()),
    ];
    for (difference, change) in changes {
        let mut other = spec(folder.path());
        change(&mut other);
        let error = finish(&other).unwrap_err().to_string();
        assert!(error.contains("holds another run") && error.contains(difference), "{error}");
        assert!(error.ends_with("choose another folder, or replace it with --force"), "{error}");
        assert_eq!(contents(folder.path()), before);
    }
    let mut forced = spec(folder.path());
    forced.options.rate = 0.1;
    forced.force = true;
    assert_eq!(finish(&forced).unwrap().options.rate, 0.1);
}

#[test]
fn force_does_not_start_the_same_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut forced = spec(folder.path());
    forced.force = true;
    assert!(run_for(&forced, 10).is_err());
    let mut resumed = None;
    let mut observe = |event: Event<'_>| {
        if let Event::Resumed { epoch, step } = event {
            resumed = Some((epoch, step));
        }
    };
    run(&forced, &mut Watch { observe: &mut observe, stop: &|| false }).unwrap();
    assert_eq!(resumed, Some((1, 2)));
}

#[test]
fn a_run_is_not_wound_back() {
    let folder = tempfile::tempdir().unwrap();
    finish(&spec(folder.path())).unwrap();
    let mut shorter = spec(folder.path());
    shorter.options.epochs = 2;
    let error = finish(&shorter).unwrap_err().to_string();
    assert!(error.contains("beyond the end asked for (epoch 2; it is at epoch 3)"), "{error}");
}

#[test]
fn what_is_no_checkpoint_is_refused_and_kept() {
    for (name, content) in [
        ("checkpoint.safetensors", &b"hello"[..]),
        ("checkpoint.safetensors", &b""[..]),
        ("train.json", &b"{}"[..]),
        ("model.safetensors", &b"weights of mine"[..]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        let error = finish(&spec(folder.path())).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(contents(folder.path()), BTreeMap::from([(name.to_string(), content.to_vec())]));
    }
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    fs::write(&file, b"x").unwrap();
    let error = finish(&spec(&file)).unwrap_err().to_string();
    assert!(error.starts_with("making the folder"), "{error}");
}

#[test]
fn senseless_options_make_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    let changes: [(&str, Change); 4] = [
        ("batch size: expected", |s| s.options.batch = 0),
        ("no model is called `nosuch`", |s| s.model = "nosuch".into()),
        ("out of range", |s| s.samples = "0..99".parse().unwrap()),
        ("cannot", |s| s.initial = Some("/nonexistent/weights".into())),
    ];
    for (said, change) in changes {
        let mut senseless = spec(&out);
        change(&mut senseless);
        let error = finish(&senseless).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!out.exists());
    }
}
