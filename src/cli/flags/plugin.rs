//! Flags of `hesse plugin`.

use super::{ListingFlags, OutputFlags};
use crate::plugin::new::Kind;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List everything that is available, built in or loaded, and where it comes from
    List(ListingFlags),
    /// Run the conformance suite of a plugin's kind on it, and print a verdict for every point
    Check(PluginCheckFlags),
    /// Write a crate that builds, tests and loads as it stands
    New(PluginNewFlags),
}

/// Flags of `hesse plugin check`.
#[derive(Debug, Args)]
pub struct PluginCheckFlags {
    /// The library
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// What a plugin adds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum KindFlag {
    /// An architecture
    Model,
    /// An eigensolver
    Solver,
    /// An attack
    Attack,
}

impl From<KindFlag> for Kind {
    fn from(flag: KindFlag) -> Self {
        match flag {
            KindFlag::Model => Kind::Model,
            KindFlag::Solver => Kind::Solver,
            KindFlag::Attack => Kind::Attack,
        }
    }
}

/// Flags of `hesse plugin new`.
#[derive(Debug, Args)]
pub struct PluginNewFlags {
    /// Name of the crate, and of what it adds
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it adds
    #[arg(long, value_enum)]
    pub kind: KindFlag,
    /// Folder of hesse-core; without it the sources this program was built from, or the published version
    #[arg(long, value_name = "DIR")]
    pub core: Option<PathBuf>,
}
