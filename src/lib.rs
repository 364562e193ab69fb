//! Hesse: how sharp a neural network's loss is, measured with exact second derivatives.
//!
//! This is the program as a library, for tools that embed the whole: [`problem`] puts a network, its weights, its
//! samples and a machine together, [`spectrum`] measures curvature and [`estimate`] what random probes say of it,
//! [`attack`] robustness, [`train`] and [`study`] are what the commands of those names run, [`data`] and [`weights`]
//! read files, [`report`] writes results, and [`plot`] draws them. The traits for new models,
//! solvers and backends are in [`hesse_core`].

pub mod attack;
pub mod bench;
pub mod builtin;
pub mod cli;
pub mod data;
pub mod estimate;
pub mod landscape;
pub mod pickle;
pub mod plot;
pub mod plugin;
pub mod problem;
pub mod report;
pub mod sharpness;
pub mod spectrum;
pub mod study;
pub mod train;
pub mod weights;

/// The code of the book's page on embedding is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/src/embed.md")]
pub struct EmbedPage;
