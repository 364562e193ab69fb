//! Which samples; and the command that describes or downloads a data set.

use super::OutputFlags;
use crate::data::{DataSpec, SampleRange, Split};
use crate::problem::parse_normalization;
use clap::{Args, Subcommand, ValueEnum};
use hesse_core::model::Normalization;
use std::path::PathBuf;

/// Which data.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub struct DataFlags {
    /// Data set: glyphs (generated, no files), mnist[:DIR], cifar10[:DIR] or cifar100[:DIR]. Without DIR the files are
    /// looked for in $HESSE_DATA/<name>, or else in data/<name>, where `hesse data fetch` puts them
    #[arg(long, value_name = "SET[:DIR]")]
    pub data: DataSpec,
    /// Mean and deviation per channel, subtracted and divided as the network's first step; pixels are in [0, 1].
    /// None unless given
    #[arg(long, value_name = "MEAN/STD", value_parser = parse_normalization)]
    pub normalize: Option<Normalization>,
}

/// Describe or download a data set.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Describe a data set: samples, shape, classes, hash
    Info(InfoFlags),
    /// Download a data set from its official address, check it, and put it in place
    #[command(after_help = "Example: hesse data fetch mnist --dir data/mnist\n\n\
                            A download that was cut short is continued; a file whose SHA-256 is wrong is refused.")]
    Fetch(FetchFlags),
}

/// Which data set to describe.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: hesse data info mnist:data/mnist")]
pub struct InfoFlags {
    /// Data set, as for --data
    #[arg(value_name = "SET[:DIR]")]
    pub data: DataSpec,
    /// Part of the set; both unless given
    #[arg(long, value_name = "train|test")]
    pub split: Option<Split>,
    /// Samples of that part, half-open and in file order, such as 0..128; all unless given
    #[arg(long, value_name = "A..B")]
    pub samples: Option<SampleRange>,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// What can be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FetchSet {
    /// Handwritten digits, 28×28, 12 MB
    Mnist,
    /// Photographs in 10 classes, 32×32, 170 MB
    Cifar10,
    /// Photographs in 100 classes, 32×32, 169 MB
    Cifar100,
}

/// Which data set to download.
#[derive(Debug, Clone, Args)]
pub struct FetchFlags {
    /// Data set
    #[arg(value_name = "SET")]
    pub set: FetchSet,
    /// Folder to put it in; $HESSE_DATA/<name> or data/<name> unless given
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Address of a mirror to use in place of the official ones; the contents are checked all the same
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
}
