//! `hesse spectrum`.

use super::ending::{Ending, Usage};
use super::flags::{SpectrumFlags, WithRespectTo};
use super::{interrupt, output, progress::Progress};
use crate::problem::Session;
use crate::spectrum::{SpectrumReport, Watch, measure, spectrum_figure, spectrum_text};
use hesse_core::eigen::StopReason;

pub(super) fn run(flags: &SpectrumFlags, command: &[String]) -> anyhow::Result<Ending> {
    if flags.inputs.wrt == WithRespectTo::Inputs {
        return super::inputs::run(flags, command);
    }
    let options = flags.options().map_err(Usage)?;
    let spec = flags.measure.spec().map_err(Usage)?;
    crate::problem::lookup::solver(&options.solver)?;
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    let session = Session::open(spec)?;
    options.check(&session)?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event| progress.show(event);
    let measured = measure(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let spectrum = measured?;
    output::notes(&spectrum.notices);

    let report = SpectrumReport::new(&session, &options, &spectrum, command);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&spectrum_text(&report))?;
    }
    if let Some(picture) = picture {
        picture.write(&spectrum_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(match spectrum.eigen.reason {
        StopReason::Interrupted => Ending::Interrupted,
        _ if spectrum.estimates.interrupted => Ending::Interrupted,
        _ if flags.strict && !report.converged => Ending::Unconverged,
        _ => Ending::Done,
    })
}
