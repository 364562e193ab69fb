//! The conformance suite on libtorch: the same points as for every backend (`core/tests`), against dense dual numbers and
//! closed forms. It is here and not in the root package because that must build without libtorch.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../../../core/tests/oracle/mod.rs"]
#[allow(dead_code)] // its backend is used in core only
mod oracle;
#[path = "../../../core/tests/suite/mod.rs"]
mod suite;

use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::vectors::Precision;
use hesse_tch::TchBackend;
use suite::points::{Open, test_every_point};

/// Runs a point with one thread and with all.
fn on_libtorch(point: &dyn Fn(Open<'_>)) {
    for threads in [Some(1), None] {
        point(&|precision: Precision| -> Box<dyn SecondOrderBackend> {
            let request = BackendRequest { device: "cpu".into(), precision, threads };
            Box::new(TchBackend::new(&request).unwrap())
        });
    }
}

test_every_point!(on_libtorch);

#[test]
fn a_device_that_does_not_exist_is_an_error_that_names_it() {
    for device in ["abacus", "cuda", "cuda:7", "CPU", ""] {
        let request = BackendRequest { device: device.into(), precision: Precision::F64, threads: None };
        let error = TchBackend::new(&request).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("backend tch") && error.contains(&format!("'{device}'")), "{device}: {error}");
    }
}
