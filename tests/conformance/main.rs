//! Every backend of the registry, on every device it offers, against dense dual numbers and closed forms.
//!
//! The oracle, the list of networks and the points are core's (`core/tests`), where they judge core's derivatives; here
//! they judge kernels. A backend passes when every point does; each prints one line.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../../core/tests/oracle/mod.rs"]
#[allow(dead_code)] // its backend is used in core only
mod oracle;
#[path = "../../core/tests/suite/mod.rs"]
mod suite;

use hesse as _; // links the built-in backends
use hesse_core::backend::BackendRequest;
use hesse_core::registry::backends;
use hesse_core::vectors::Precision;
use suite::points::{Open, test_every_point};

/// Runs a point on every backend and device, with one thread and with all.
fn on_every_backend(point: &dyn Fn(Open<'_>)) {
    assert!(!backends().is_empty(), "no backend is linked in");
    for entry in backends() {
        for device in (entry.devices)() {
            for threads in [Some(1), None] {
                point(&|precision: Precision| {
                    let request = BackendRequest { device: device.clone(), precision, threads };
                    (entry.open)(&request).unwrap_or_else(|e| panic!("{} on {device}: {e}", entry.name))
                });
            }
        }
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
