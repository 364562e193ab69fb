//! Every backend of the registry, on every device it offers, against dense dual numbers and closed forms.
//!
//! The oracle, the list of networks and the points are core's (`core/tests`), where they judge core's derivatives; here
//! they judge kernels. A backend passes when every point does; each prints one line.
//!
//! Two variables make a program of it that judges what a machine has: `HESSE_TEST_BACKENDS` names the backends, also those
//! that are libraries of their own, and `HESSE_TEST_DEVICES` the kind of device (`cpu`, `cuda`).
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../../core/tests/oracle/mod.rs"]
#[allow(dead_code)] // its backend is used in core only
mod oracle;
#[path = "../../core/tests/suite/mod.rs"]
mod suite;

use hesse::problem::lookup; // and links the built-in backends
use hesse_candle::CandleTensors;
use hesse_core::backend::BackendRequest;
use hesse_core::registry::{BackendEntry, backends};
use hesse_core::vectors::Precision;
use suite::points::{Open, test_every_point};

/// The words of a variable.
fn named(variable: &str) -> Option<Vec<String>> {
    let text = std::env::var(variable).ok().filter(|t| !t.is_empty())?;
    Some(text.split(',').map(str::to_string).collect())
}

/// The backends to judge.
fn judged() -> Vec<&'static BackendEntry> {
    match named("HESSE_TEST_BACKENDS") {
        Some(names) => names.iter().map(|n| lookup::backend(n).unwrap_or_else(|e| panic!("{e}")).entry).collect(),
        None => backends().into_iter().map(|listed| listed.entry).collect(),
    }
}

/// Runs a point on every backend and device, on the CPU with one thread and with all.
fn on_every_backend(point: &dyn Fn(Open<'_>)) {
    let kinds = named("HESSE_TEST_DEVICES");
    let mut places = 0;
    for entry in judged() {
        let devices = (entry.devices)().into_iter();
        let wanted = |d: &String| kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| d.starts_with(k.as_str())));
        for device in devices.filter(wanted) {
            places += 1;
            for threads in if device == "cpu" { &[Some(1), None][..] } else { &[None] } {
                point(&|precision: Precision| {
                    let request = BackendRequest { device: device.clone(), precision, threads: *threads };
                    (entry.open)(&request).unwrap_or_else(|e| panic!("{} on {device}: {e}", entry.name))
                });
            }
        }
    }
    assert!(places > 0, "there is no backend to judge, or it has no such device");
    if named("HESSE_TEST_BACKENDS").is_none() {
        // Candle as it computes on devices other than the CPU.
        point(&|precision: Precision| Box::new(CandleTensors::on_cpu(precision)));
    }
}

test_every_point!(on_every_backend);

#[test]
fn a_device_that_does_not_exist_is_an_error_that_names_it() {
    for entry in backends() {
        let request = BackendRequest { device: "abacus".into(), precision: Precision::F64, threads: None };
        let error = (entry.open)(&request).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(entry.name) && error.contains("abacus"), "{}: {error}", entry.name);
    }
}
