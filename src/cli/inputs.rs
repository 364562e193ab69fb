//! `hesse spectrum --wrt inputs`.

use super::ending::{Ending, Usage};
use super::flags::SpectrumFlags;
use super::{interrupt, output, progress::Progress};
use crate::problem::Session;
use crate::spectrum::Watch;
use crate::spectrum::inputs::{InputSpectrumReport, input_spectrum_figure, input_spectrum_text, measure_inputs};

pub(super) fn run(flags: &SpectrumFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.input_options().map_err(Usage)?;
    let spec = flags.measure.spec().map_err(Usage)?;
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    let session = Session::open(spec)?;
    options.check(&session)?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event| progress.show(event);
    let measured = measure_inputs(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let found = measured?;
    output::notes(&found.notices);

    let report = InputSpectrumReport::new(&session, &options, &found, command);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&input_spectrum_text(&report))?;
    }
    if let Some(picture) = picture {
        picture.write(&input_spectrum_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(match found.interrupted {
        true => Ending::Interrupted,
        false if flags.strict && !report.converged => Ending::Unconverged,
        false => Ending::Done,
    })
}
