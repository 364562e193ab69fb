//! Rust objects behind tables: the side that was asked.

mod attack;
mod backend;
mod manifest;
mod model;
mod object;
#[cfg(feature = "load")]
mod operator;
#[cfg(feature = "load")]
mod oracle;
#[cfg(feature = "load")]
mod report;
mod solver;
mod space;

pub use manifest::{Registered, SYMBOL, manifest};
#[cfg(feature = "load")]
pub(crate) use operator::ExportedOperator;
#[cfg(feature = "load")]
pub(crate) use oracle::ExportedOracle;
#[cfg(feature = "load")]
pub(crate) use report::ReportContext;
pub(crate) use space::{numbers, precision_code};
