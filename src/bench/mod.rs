//! Backends, devices, networks and batch sizes side by side: how long a derivative takes, and how far from the limit of
//! the machine it is.
//!
//! Everything that is compared runs in turn, one repetition of each per round, so that the noise of a shared machine falls on
//! all of it alike; a figure is the median over the rounds. Times are divided by arithmetic that is counted from the graph
//! (see [`arithmetic`]), and by ceilings that are measured in the same rounds (see [`ceiling`]).
//!
//! Decided against: criterion for this command. It times one thing after the other, and the ratio of two figures taken
//! minutes apart says little on a shared machine. `cargo bench` uses it for the same operations.
#![forbid(unsafe_code)]

pub mod arithmetic;
pub mod ceiling;
mod error;
mod operation;
mod options;
mod prepared;
mod report;
mod run;
mod text;

pub use error::BenchError;
pub use operation::Operation;
pub use options::BenchOptions;
pub use prepared::Prepared;
pub use report::{BenchReport, Figure, Machine};
pub use run::{Progress, run};
pub use text::bench_text;
