//! Files that are no plugins, or plugins of another time.

use crate::built::file;
use crate::c::compile;
use hesse_core::graph::Mode;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::plugin::load::{LoadError, open};
use std::fs;
use std::path::Path;

fn fixture(way: &str) -> std::path::PathBuf {
    compile("tests/plugins/fixtures/manifest.c", &way.to_lowercase().replace('_', "-"), &[way])
}

fn error(path: &Path) -> LoadError {
    match open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => {
            assert!(error.to_string().contains(&*path.file_name().unwrap().to_string_lossy()), "{error}");
            error
        }
    }
}

#[test]
fn a_missing_file_a_folder_and_a_text_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(error(&folder.path().join("none.so")), LoadError::File { .. }));
    let text = folder.path().join("text.so");
    fs::write(&text, "hello\n").unwrap();
    assert!(matches!(error(&text), LoadError::Library { .. }));
    let empty = folder.path().join("empty.so");
    fs::write(&empty, "").unwrap();
    assert!(matches!(error(&empty), LoadError::Library { .. }));
    assert!(matches!(open(folder.path()).err().unwrap(), LoadError::Library { .. }));
}

#[test]
fn a_library_cut_off_anywhere_is_an_error_and_not_a_crash() {
    let whole = fs::read(compile("tests/plugins/fixtures/manifest.c", "to-be-cut", &["LARGE"])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for i in 0..64 {
        let length = whole.len() * i / 64;
        let cut = folder.path().join(format!("cut{i}.so"));
        fs::write(&cut, &whole[..length]).unwrap();
        // What is lost at the end may be names of sections, which loading does not need; then it is whole enough.
        if let Ok(entries) = open(&cut) {
            assert!(i > 32 && entries.len() == 1, "opened with {length} of {} bytes", whole.len());
        }
    }
    // A real library, cut in the middle of its code; what stands behind it are names for debuggers.
    let whole = fs::read(file("mlp")).unwrap();
    let cut = folder.path().join("part.so");
    fs::write(&cut, &whole[..whole.len() / 20]).unwrap();
    assert!(matches!(error(&cut), LoadError::Library { .. }));
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_is_no_plugin_is_told_from_one_that_is() {
    assert!(matches!(error(&fixture("NO_SYMBOL")), LoadError::Symbol { .. }));
    assert!(matches!(error(&fixture("NULL_MANIFEST")), LoadError::Magic { .. }));
    assert!(matches!(error(&fixture("BAD_MAGIC")), LoadError::Magic { .. }));
}

#[test]
fn other_versions_are_refused_by_major_number_and_size() {
    assert!(matches!(error(&fixture("OLDER")), LoadError::Version { found: 0, .. }));
    assert!(matches!(error(&fixture("NEWER")), LoadError::Version { found: 2, .. }));
    assert!(matches!(error(&fixture("SMALL")), LoadError::Size { found: 40, .. }));
    let later = open(&fixture("LARGE")).unwrap();
    assert_eq!(later.models.len(), 1, "a longer manifest of a later minor version is read");
}

#[test]
fn a_library_that_aborts_on_panic_is_refused() {
    let error = error(&fixture("ABORTS"));
    assert!(matches!(error, LoadError::Aborts { .. }) && error.to_string().contains("panic = \"abort\""), "{error}");
}

#[test]
fn wrong_entries_are_named() {
    let cases = [
        ("NO_ENTRIES", "offers no model"),
        ("BAD_NAME", "name: expected letters"),
        ("TWICE", "a second model of the name same"),
        ("HOSTILE_LENGTH", "summary: expected text, found a length of 2147483648 bytes"),
        ("NULL_OPTIONS", "a null pointer to 3 numbers"),
        ("NULL_TABLE", "model table: a null pointer"),
        ("NULL_ENTRY", "entry: a null pointer"),
        ("SMALL_ENTRY", "entry: expected a size of at least"),
    ];
    for (way, expected) in cases {
        let error = error(&fixture(way)).to_string();
        assert!(error.contains(expected) && !error.contains('\u{1b}'), "{way}: {error}");
    }
}

#[test]
fn kinds_of_a_later_version_are_skipped() {
    let entries = open(&fixture("UNKNOWN_KIND")).unwrap();
    assert_eq!((entries.models.len(), entries.unknown), (1, 1));
}

#[test]
fn a_table_that_is_too_short_lacks_its_functions_when_they_are_needed() {
    let entries = open(&fixture("SHORT_TABLE")).unwrap();
    let task = Task { input: vec![4], classes: 2 };
    let missing = |error: String, name: &str| assert!(error.contains(&format!("`{name}` is missing")), "{error}");
    missing((entries.models[0].make)(&Default::default(), &task).err().unwrap().to_string(), "build");
    missing((entries.solvers[0].make)(&Default::default()).err().unwrap().to_string(), "solve");
    missing((entries.attacks[0].make)(&Default::default()).err().unwrap().to_string(), "run");
    assert!((entries.backends[0].devices)().is_empty());
    let request = hesse_core::backend::BackendRequest {
        device: "cpu".into(),
        precision: hesse_core::vectors::Precision::F32,
        threads: None,
    };
    missing((entries.backends[0].open)(&request).err().unwrap().to_string(), "open");
}

#[test]
fn a_graph_that_is_none_is_an_error_of_the_model() {
    let task = Task { input: vec![4], classes: 2 };
    for way in ["LARGE", "HOSTILE_GRAPH_LENGTH"] {
        let entry = open(&fixture(way)).unwrap().models[0];
        let error = match (entry.make)(&Default::default(), &task) {
            Ok(model) => record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains("graph bytes") || error.contains("length of"), "{way}: {error}");
    }
}

#[test]
fn one_library_is_opened_once_from_sixteen_threads_and_under_two_names() {
    let path = fixture("UNKNOWN_KIND");
    let link = path.with_file_name("link-to-unknown-kind.so");
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let opened: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|i| {
                let path = if i % 2 == 0 { &path } else { &link };
                scope.spawn(move || std::ptr::from_ref(open(path).unwrap()).addr())
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(opened.iter().all(|o| *o == opened[0]));
}

#[test]
fn a_copy_is_another_library_with_statics_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.so");
    fs::copy(file("mlp"), &copy).unwrap();
    let (one, other) = (open(&file("mlp")).unwrap(), open(&copy).unwrap());
    assert!(!std::ptr::eq(one, other));
    assert_eq!((other.library.stem.as_str(), other.models.len()), ("copy", one.models.len()));
}
