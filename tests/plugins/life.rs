//! Objects, blocks and threads that live longer, or in other places, than their maker expected.

use crate::built::library;
use crate::failures::solve;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::eigen::{Control, EigenRequest};
use hesse_core::host::HostOperator;
use hesse_core::operator::LinearOperator;
use hesse_core::plugin::host;
use hesse_core::vectors::Precision;
use std::sync::{Arc, Mutex};

fn ramp(n: usize) -> impl LinearOperator {
    HostOperator::new(n, Precision::F64, |x: &[f64]| x.iter().enumerate().map(|(i, v)| (i + 1) as f64 * v).collect())
}

#[test]
fn a_block_kept_beyond_its_run_is_an_error_when_it_is_used() {
    let first = solve("keeps-a-block", &ramp(6), 1).unwrap();
    assert!(first.largest[0].converged);
    let error = solve("keeps-a-block", &ramp(6), 1).unwrap_err().to_string();
    assert!(error.contains("a block of this space"), "{error}");
}

#[test]
fn sixteen_threads_of_a_library_may_use_the_operator_at_once() {
    assert!(solve("uses-threads", &ramp(6), 1).unwrap().largest[0].converged);
}

#[test]
fn a_solver_may_be_used_and_dropped_on_other_threads_than_its_makers() {
    let solver = (library("lanczos").solvers[0].make)(&Default::default()).unwrap();
    let request = EigenRequest { largest: 1, smallest: 0, tolerance: 1e-8, max_products: 200, seed: 0 };
    let value = std::thread::spawn(move || {
        let found = solver.solve(&ramp(40), &request, &mut |_| Control::Continue).unwrap();
        found.largest[0].value
    });
    assert!((value.join().unwrap() - 40.0).abs() < 1e-6);
}

#[test]
fn tensors_and_executables_may_outlive_their_backend() {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
    let backend = (library("candle").backends[0].open)(&request).unwrap();
    let tensor = backend.upload(&HostTensor::Real(vec![1.0, 2.0])).unwrap();
    let space = backend.space(3, Precision::F64);
    let mut block = space.zeros(2).unwrap();
    drop(backend);
    assert_eq!(tensor.bytes(), 16);
    space.write(&mut block, 1, &[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(space.read(&block, 1).unwrap(), [1.0, 2.0, 3.0]);
    drop(space);
    drop((block, tensor));
}

#[test]
fn vectors_of_two_backends_do_not_mix() {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
    let open = || (library("candle").backends[0].open)(&request).unwrap();
    let (one, other) = (open().space(3, Precision::F64), open().space(3, Precision::F64));
    let (x, mut y) = (one.zeros(1).unwrap(), other.zeros(1).unwrap());
    assert!(other.copy(x.all(), y.all_mut()).is_err());
    assert!(one.gram(x.all(), y.all()).is_err());
    assert!(one.read(&x, 7).is_err());
}

#[test]
fn a_library_logs_where_the_program_says_and_learns_its_threads() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    host::set_log(Box::new(move |level, target, message| {
        sink.lock().unwrap().push((level, target.to_string(), message.to_string()));
    }));
    host::set_threads(3);
    assert!(solve("logs", &ramp(4), 1).is_err());
    host::set_threads(0);
    let lines = lines.lock().unwrap();
    let logged = lines.iter().find(|(level, ..)| *level == 2).unwrap();
    // What a terminal would obey does not come through.
    assert_eq!((logged.1.as_str(), logged.2.as_str()), ("hesse", "3 threads  [31m"));
}
