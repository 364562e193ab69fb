//! Flags of `study`: which study.

use super::{LargeBatchFlags, RobustStudyFlags, SaddleFreeFlags};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Repeat an experiment.
#[derive(Debug, Subcommand)]
pub enum StudyCommand {
    /// Train one network with several batch sizes to the same loss, and compare the curvature where each ends
    LargeBatch(Box<LargeBatchFlags>),
    /// Train one network against several attacks, and compare accuracy under attack and curvature with the plain one
    Robust(Box<RobustStudyFlags>),
    /// Check the theorem that ReLU networks are free of saddle points as functions of their input, and break it
    SaddleFree(Box<SaddleFreeFlags>),
    /// Put the parts of a study that was split with --shard together, and write its report
    Merge(MergeFlags),
}

/// Puts the parts of a study together and writes its report
///
/// The folders are those that `hesse study large-batch --shard I/N` filled, on this machine or brought here from others. Flags
/// of the study are those the parts were made with.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  hesse study merge part1 part2 --out runs/large-batch")]
pub struct MergeFlags {
    /// Folders of the parts
    #[arg(value_name = "DIR", required = true)]
    pub parts: Vec<PathBuf>,
    /// Folder for the whole
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
