//! `hesse check`.

use super::ending::{Ending, Usage};
use super::flags::CheckFlags;
use super::{interrupt, output, progress::Progress};
use crate::problem::Session;
use crate::spectrum::{CheckOptions, CheckReport, Watch, check, check_text};

pub(super) fn run(flags: &CheckFlags, command: &[String]) -> anyhow::Result<Ending> {
    let spec = flags.measure.spec().map_err(Usage)?;
    let options = CheckOptions { params: flags.measure.params.clone() };
    let destination = flags.output.prepare()?;
    interrupt::listen();
    let session = Session::open(spec)?;
    session.select(options.params.as_deref())?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event| progress.show(event);
    let checked = check(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let found = checked?;

    let report = CheckReport::new(&session, &options, &found, command);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&check_text(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    if found.passed {
        Ok(Ending::Done)
    } else {
        Err(anyhow::anyhow!(
            "self-test failed: the products are not what rounding in {} explains; try --dtype f64, and report it where that fails too",
            report.backend.dtype
        ))
    }
}
