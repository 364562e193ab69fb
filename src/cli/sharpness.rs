//! `hesse sharpness`.

use super::ending::{Ending, Usage};
use super::flags::SharpnessFlags;
use super::{interrupt, output, progress::Progress};
use crate::problem::Session;
use crate::sharpness::{SharpnessReport, measure, sharpness_text};
use crate::spectrum::Watch;

pub(super) fn run(flags: &SharpnessFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options();
    let spec = flags.measure.spec().map_err(Usage)?;
    crate::problem::lookup::solver(&options.solver)?;
    let destination = flags.output.prepare()?;
    interrupt::listen();
    let session = Session::open(spec)?;
    options.check(&session)?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event| progress.show(event);
    let measured = measure(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let sharpness = measured?;
    output::notes(&sharpness.notices);

    let report = SharpnessReport::new(&session, &options, &sharpness, command);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&sharpness_text(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(if flags.strict && !report.converged { Ending::Unconverged } else { Ending::Done })
}
