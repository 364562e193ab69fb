//! The command line as typed flags. Each group becomes one validated value of the library; nothing else happens here.

mod attack;
mod bench;
mod check;
mod data;
mod estimates;
mod inputs;
mod landscape;
mod listing;
mod loss;
mod machine;
mod matrix;
mod measure;
mod output;
mod parse;
mod perturbation;
mod plot;
mod plugin;
mod report;
mod robust;
mod saddle_free;
mod sharpness;
mod solver;
mod spectrum;
mod study;
mod study_large_batch;
mod study_method;
mod study_robust;
mod study_run;
mod study_samples;
mod track;
mod train;
mod validation;

pub use attack::AttackFlags;
pub use bench::BenchFlags;
pub use check::CheckFlags;
pub use data::{DataCommand, DataFlags, FetchFlags, FetchSet, InfoFlags};
pub use estimates::EstimateFlags;
pub use inputs::{InputFlags, WithRespectTo};
pub use landscape::LandscapeFlags;
pub use listing::ListingFlags;
pub use loss::LossFlags;
pub use machine::MachineFlags;
pub use matrix::MatrixFlags;
pub use measure::MeasureFlags;
pub use output::OutputFlags;
pub use perturbation::PerturbationFlags;
pub use plot::PlotFlags;
pub use plugin::{PluginCheckFlags, PluginCommand, PluginNewFlags};
pub use report::ReportFlags;
pub use robust::RobustFlags;
pub use saddle_free::SaddleFreeFlags;
pub use sharpness::SharpnessFlags;
pub use solver::SolverFlags;
pub use spectrum::SpectrumFlags;
pub use study::{MergeFlags, StudyCommand};
pub use study_large_batch::LargeBatchFlags;
pub use study_method::MethodFlags;
pub use study_robust::RobustStudyFlags;
pub use study_run::{StudyRunFlags, StudySolverFlags};
pub use study_samples::StudySampleFlags;
pub use track::TrackFlags;
pub use train::TrainFlags;
pub use validation::ValidationFlags;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Measures how sharp a neural network's loss is: exact second derivatives, eigenvalues of the Hessian, attacks
#[derive(Debug, Parser)]
#[command(
    name = "hesse",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Start here:\n  hesse study large-batch\n  hesse spectrum --model m1 --data glyphs --samples 0..1000 --top 5\n\n\
                  Results go to standard output, progress and notices to standard error. Exit codes: 0 done, 1 failed,\n\
                  2 bad usage, 3 finished but something did not converge (with --strict), 130 interrupted."
)]
pub struct Program {
    /// Library of a plugin, or a folder of libraries; may be given several times. Loading one runs its code
    #[arg(long = "plugin", global = true, value_name = "FILE|DIR", help_heading = "Plugins")]
    pub plugins: Vec<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network on a data set
    Train(Box<TrainFlags>),
    /// Compute the extreme eigenvalues of the loss's Hessian, each with its residual
    Spectrum(Box<SpectrumFlags>),
    /// Measure how sharp the loss is: eigenvalues, trace, ascent within a radius, mini-batches, against 2/η
    Sharpness(Box<SharpnessFlags>),
    /// Measure the loss along eigenvectors, random directions, the gradient or between checkpoints
    Landscape(Box<LandscapeFlags>),
    /// Test the derivatives on this very problem: symmetry, linearity, noise floor, slope of finite differences
    Check(Box<CheckFlags>),
    /// Attack a network's inputs: accuracy under FGSM, PGD, DeepFool and others, and the worst case of all
    Attack(Box<AttackFlags>),
    /// Repeat an experiment of the paper from end to end
    #[command(subcommand)]
    Study(StudyCommand),
    /// Time derivatives: backends, devices, networks and batch sizes side by side
    Bench(Box<BenchFlags>),
    /// Make the report of a study again from what is stored
    Report(ReportFlags),
    /// Describe a data set, or download one
    #[command(subcommand)]
    Data(DataCommand),
    /// List the network architectures with their sizes and options
    Models(ListingFlags),
    /// List the backends and the devices they find here
    Backends(ListingFlags),
    /// List the eigensolvers and their options
    Solvers(ListingFlags),
    /// List the estimators of traces, diagonals and densities
    Estimators(ListingFlags),
    /// List, check or begin plugins: architectures, eigensolvers, attacks and backends from libraries
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// List the attacks and their options
    Attacks(ListingFlags),
}
