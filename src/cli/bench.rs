//! `hesse bench`.

use super::ending::{Ending, Usage};
use super::flags::BenchFlags;
use super::{interrupt, output, progress::Progress};
use crate::bench::{bench_text, run as measure};

pub(super) fn run(flags: &BenchFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options().map_err(Usage)?;
    let destination = flags.output.prepare()?;
    interrupt::listen();
    let mut progress = Progress::new();
    let mut observe = |p: crate::bench::Progress<'_>| progress.rounds(p.what, p.done, p.total);
    let measured = measure(&options, command, &mut observe, &interrupt::asked);
    progress.clear();
    let report = measured?;
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&bench_text(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(if report.interrupted { Ending::Interrupted } else { Ending::Done })
}
