//! Plugins through the program: flags, folders, clashes, wrong input.

use crate::built::file;
use crate::c::compile;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn hesse(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hesse"));
    command.args(arguments).current_dir(folder).env_remove("HESSE_PLUGIN_PATH");
    // A user folder of the test's own.
    command.env("HOME", folder).env("XDG_DATA_HOME", folder.join("data"));
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SMALL: [&str; 8] =
    ["spectrum", "--model", "mlp:hidden=none", "--data", "glyphs:train=64,test=32", "--top", "2", "--strict"];

#[test]
fn a_plugin_is_found_by_flag_folder_variable_and_in_the_users_folder() {
    let place = tempfile::tempdir().unwrap();
    let library = compile("core/include/examples/sign.c", "sign-found", &[]);
    let folder = place.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    fs::copy(&library, folder.join("libsign.so")).unwrap();
    let listed = |output: &Output| text(&output.stdout).contains("c-sign 0.1.0");

    assert!(!listed(&hesse(place.path(), &["plugin", "list"])), "a folder beside is not searched");
    assert!(!listed(&hesse(&folder, &["plugin", "list"])), "nor is the current one");
    assert!(listed(&hesse(place.path(), &["plugin", "list", "--plugin", library.to_str().unwrap()])));
    assert!(listed(&hesse(place.path(), &["--plugin", "plugins", "plugin", "list"])));

    let mut command = Command::new(env!("CARGO_BIN_EXE_hesse"));
    command.args(["plugin", "list"]).env("HESSE_PLUGIN_PATH", &folder).env("XDG_DATA_HOME", place.path());
    assert!(listed(&command.output().unwrap()));

    let own = place.path().join("data/hesse/plugins");
    fs::create_dir_all(&own).unwrap();
    fs::copy(&library, own.join("libsign.so")).unwrap();
    if cfg!(target_os = "linux") {
        assert!(listed(&hesse(place.path(), &["plugin", "list"])));
        // A broken library in a folder is a notice; the program goes on.
        fs::write(own.join("libbroken.so"), "hello").unwrap();
        let output = hesse(place.path(), &["plugin", "list"]);
        assert!(output.status.success() && listed(&output));
        assert!(text(&output.stderr).contains("libbroken.so: not a library"), "{}", text(&output.stderr));
    }
}

#[test]
fn what_was_named_must_load() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("empty")).unwrap();
    fs::write(place.path().join("text.so"), "hello").unwrap();
    for (named, expected) in [("none.so", "none.so"), ("text.so", "not a library"), ("empty", "holds no library")] {
        let output = hesse(place.path(), &["models", "--plugin", named]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.starts_with("hesse: --plugin: ") && error.contains(expected) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn a_name_in_two_places_is_an_error_that_names_both_and_a_full_name_chooses() {
    let place = tempfile::tempdir().unwrap();
    let library = file("lanczos");
    let run = |solver: &str| {
        let plugin = library.to_str().unwrap();
        hesse(place.path(), &[&SMALL[..], &["--plugin", plugin, "--solver", solver]].concat())
    };
    let output = run("lanczos");
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("built in") && error.contains("liblanczos") && error.contains("builtin/lanczos"), "{error}");
    let table = |output: &Output| {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let text = text(&output.stdout);
        let start = text.find("largest").unwrap_or(0);
        text[start..].lines().take(3).map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(table(&run("builtin/lanczos")), table(&run("lanczos/lanczos")));
}

#[test]
fn wrong_eigenpairs_are_said_to_be_wrong() {
    let place = tempfile::tempdir().unwrap();
    let plugin = file("misbehaving");
    let output =
        hesse(place.path(), &[&SMALL[..], &["--plugin", plugin.to_str().unwrap(), "--solver", "wrong-pairs"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("not what the solver claims"), "{}", text(&output.stderr));
    let panics = ["--plugin", plugin.to_str().unwrap(), "--solver", "panics-with-text"];
    let output = hesse(place.path(), &[&SMALL[..], &panics].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().last(), Some("hesse: panicked: text"), "{}", text(&output.stderr));
}

#[test]
fn a_plugin_that_fails_its_suite_is_told_point_by_point() {
    let place = tempfile::tempdir().unwrap();
    let output = hesse(place.path(), &["plugin", "check", file("misbehaving").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(out.contains("FAILED") && out.contains("do NOT hold"), "{out}");
    let output = hesse(place.path(), &["plugin", "check", "none.so"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn new_crates_are_refused_where_they_would_do_harm() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("taken")).unwrap();
    for (name, code) in [("taken", 1), ("Wrong", 2), ("../up", 2), ("fn", 2)] {
        let output = hesse(place.path(), &["plugin", "new", name, "--kind", "model"]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", text(&output.stderr));
    }
    let output = hesse(place.path(), &["plugin", "new", "fine", "--kind", "model", "--core", "taken"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}
