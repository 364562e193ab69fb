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

/// Runs a point on the CPU and on every CUDA device with the settings of the program, then on the CPU as on other devices.
fn on_libtorch(point: &dyn Fn(Open<'_>)) {
    let devices = hesse_core::registry::find::<hesse_core::registry::BackendEntry>("tch").unwrap().devices;
    for device in devices() {
        // A device other than the CPU does not compute with its threads.
        for threads in if device == "cpu" { &[Some(1), None][..] } else { &[None] } {
            point(&|precision: Precision| -> Box<dyn SecondOrderBackend> {
                let request = BackendRequest { device: device.clone(), precision, threads: *threads };
                Box::new(TchBackend::new(&request).unwrap_or_else(|e| panic!("{device}: {e}")))
            });
        }
    }
    point(&|precision: Precision| -> Box<dyn SecondOrderBackend> {
        let request = BackendRequest { device: "cpu".into(), precision, threads: None };
        Box::new(TchBackend::as_elsewhere(&request).unwrap())
    });
}

test_every_point!(on_libtorch);

#[test]
fn a_device_that_does_not_exist_is_an_error_that_names_it() {
    for device in ["abacus", "cuda:4096", "cuda:1+fast", "CPU", ""] {
        let request = BackendRequest { device: device.into(), precision: Precision::F64, threads: None };
        let error = TchBackend::new(&request).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("backend tch") && error.contains(&format!("'{device}'")), "{device}: {error}");
    }
}

/// On a machine with a device, this is what the other tests run on.
#[test]
fn cuda_is_refused_with_the_cause_and_the_mend_where_there_is_no_device() {
    let request = BackendRequest { device: "cuda".into(), precision: Precision::F32, threads: None };
    match TchBackend::new(&request) {
        Ok(backend) => assert!(hesse_core::device::Accelerator::of_details(&backend.info().details).is_some()),
        Err(error) => {
            let error = error.to_string();
            let mends = ["install one", "`nvidia-smi`", "`cargo xtask libtorch --cuda`", "newer driver"];
            assert!(mends.iter().any(|m| error.contains(m)), "{error}");
        }
    }
}
