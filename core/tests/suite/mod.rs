//! What every backend must fulfil: a list of small networks and a list of points that are checked on each.
//!
//! Points take any backend, so the same functions judge core's derivatives (run by the reference interpreter) and every
//! real backend (run by the root package's conformance test).

pub mod case;
pub mod cases;
pub mod compare;
mod kinks;
pub mod points;
pub mod subject;
pub mod truth;
