//! The crate as the library that the program opens.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use hesse::plugin::check::check_library;
use hesse_core::backend::BackendRequest;
use hesse_core::plugin::load;
use hesse_core::vectors::Precision;
use hesse_tch as _; // so that Cargo builds it first
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;

/// Cargo puts the library beside this test, or one folder above.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("{DLL_PREFIX}hesse_tch{DLL_SUFFIX}");
    test.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|f| f.is_file()).expect("a built library")
}

#[test]
fn the_library_offers_one_backend_with_its_model_and_passes_the_suite_of_plugins() {
    let entries = load::open(&library()).unwrap();
    assert_eq!(entries.backends.iter().map(|b| b.name).collect::<Vec<_>>(), ["tch"]);
    assert_eq!(entries.models.iter().map(|m| m.name).collect::<Vec<_>>(), ["torchscript"]);
    assert!(entries.solvers.is_empty());
    let mut failed = Vec::new();
    let mut points = 0;
    check_library(entries, &mut |verdict| {
        points += verdict.points.len();
        failed.extend(verdict.points.iter().filter(|p| p.failure.is_some()).cloned());
    });
    assert!(failed.is_empty() && points > 3, "{failed:#?}");
}

#[test]
fn a_missing_device_is_an_error_across_the_boundary() {
    let entry = load::open(&library()).unwrap().backends[0];
    let request = BackendRequest { device: "cuda:3".into(), precision: Precision::F32, threads: None };
    let error = (entry.open)(&request).err().unwrap().to_string();
    assert!(error.contains("cuda:3"), "{error}");
    assert_eq!(error.matches("backend tch").count(), 1, "{error}");
}
