//! Core's derivatives, run by the reference interpreter and judged by dense dual numbers.
//!
//! The same points run against every real backend in the root package's conformance test; here a failure can only be a
//! derivative rule's (or the test's) fault.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../suite/mod.rs"]
mod suite;
mod third;

use oracle::backend::ReferenceBackend;
use suite::points::{Open, test_every_point};

fn on_the_reference(point: &dyn Fn(Open<'_>)) {
    point(&|precision| Box::new(ReferenceBackend { precision }));
}

test_every_point!(on_the_reference);
