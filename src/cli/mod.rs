//! The command line, in ripgrep's three layers: typed flags, validated values of the library, one function per command.
//!
//! Nothing is computed here. A command prepares its destination, opens the problem, calls the library and prints what
//! it returned. Results go to standard output, everything else to standard error, and an error is one line that ends
//! with what would help.
//!
//! Decided against: `println!`, which panics when the reader of a pipe has gone.
#![forbid(unsafe_code)]

mod attack;
mod bench;
mod check;
mod data;
mod ending;
mod flags;
mod following;
mod inputs;
mod interrupt;
mod jobs;
mod landscape;
mod listing;
mod merge;
mod output;
mod plugin;
mod progress;
mod report;
mod sharpness;
mod spectrum;
mod study;
mod train;
mod training;
mod usage;

pub use ending::{Ending, code_of, is_broken_pipe, one_line};
pub use flags::Program;

use crate::plugin::load_all;
use clap::Parser;
use flags::Command;
use std::ffi::OsString;

/// Runs a command line, the program's name first.
///
/// # Errors
/// With a cause for people; [`code_of`] tells the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Ending> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command: Vec<String> = arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let program = match Program::try_parse_from(&arguments) {
        Ok(program) => program,
        Err(error) => return usage::answer(&error),
    };
    // A new plugin is begun without what may be wrong with the old ones.
    if !matches!(program.command, Command::Plugin(flags::PluginCommand::New(_))) {
        output::notes(&load_all(&program.plugins)?);
    }
    match program.command {
        Command::Train(flags) => train::run(&flags, &command),
        Command::Spectrum(flags) => spectrum::run(&flags, &command),
        Command::Sharpness(flags) => sharpness::run(&flags, &command),
        Command::Landscape(flags) => landscape::run(&flags, &command),
        Command::Check(flags) => check::run(&flags, &command),
        Command::Attack(flags) => attack::run(&flags, &command),
        Command::Study(study) => study::run(&study, &command),
        Command::Bench(flags) => bench::run(&flags, &command),
        Command::Report(flags) => report::run(&flags),
        Command::Data(data) => data::run(&data),
        Command::Models(flags) => listing::models(&flags),
        Command::Backends(flags) => listing::backends(&flags),
        Command::Solvers(flags) => listing::solvers(&flags),
        Command::Estimators(flags) => listing::estimators(&flags),
        Command::Plugin(command) => plugin::run(&command),
        Command::Attacks(flags) => listing::attacks(&flags),
    }
}
