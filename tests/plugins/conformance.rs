//! The suite of `hesse plugin check` on everything that is built in, linked and loaded.

use crate::built::library;
use hesse::plugin::check::{Verdict, check_attack, check_backend, check_library, check_model, check_solver};
use hesse_core::registry::{attacks, backends, models, solvers};

fn holds(verdict: &Verdict) {
    let failed: Vec<_> = verdict.points.iter().filter(|p| p.failure.is_some()).collect();
    println!("{} {}: {} points", verdict.kind, verdict.name, verdict.points.len());
    verdict.points.iter().filter(|p| p.note.is_some()).for_each(|p| println!("  {}: {:?}", p.sentence, p.note));
    assert!(failed.is_empty(), "{} {}: {failed:#?}", verdict.kind, verdict.name);
    assert!(verdict.points.len() > 3);
}

#[test]
fn every_linked_solver_passes() {
    solvers().iter().for_each(|e| holds(&check_solver(e)));
}

#[test]
fn the_default_solver_declines_nothing() {
    let lanczos = solvers().into_iter().find(|e| e.name == "lanczos").unwrap();
    let verdict = check_solver(&lanczos);
    let declined: Vec<_> = verdict.points.iter().filter(|p| p.note.is_some()).collect();
    assert!(declined.is_empty(), "{declined:#?}");
}

#[test]
fn every_linked_model_passes() {
    models().iter().for_each(|e| holds(&check_model(e)));
}

#[test]
fn every_linked_attack_passes() {
    attacks().iter().for_each(|e| holds(&check_attack(e)));
}

#[test]
fn every_linked_backend_passes() {
    backends().iter().for_each(|e| holds(&check_backend(e)));
}

#[test]
fn every_loaded_library_passes() {
    for name in ["lanczos", "block_krylov", "mlp", "candle"] {
        check_library(library(name), &mut holds);
    }
}

#[test]
fn a_solver_that_goes_wrong_does_not_pass() {
    let entries = &library("misbehaving").solvers;
    for name in ["wrong-pairs", "repeats-a-vector", "panics-with-text", "returns-nothing"] {
        let entry = entries.iter().find(|e| e.name == name).unwrap();
        assert!(!check_solver(entry).passes(), "{name}");
    }
}
