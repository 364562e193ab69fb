//! `hesse landscape`.

use super::ending::{Ending, Usage};
use super::flags::LandscapeFlags;
use super::{interrupt, output, progress::Progress};
use crate::landscape::{
    Along, Event, LandscapeReport, Watch, landscape, landscape_csv, landscape_figure, landscape_text,
};
use crate::problem::Session;
use crate::report::{write_json, write_text};
use std::path::Path;

pub(super) fn run(flags: &LandscapeFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options();
    options.check()?;
    let spec = flags.measure.spec().map_err(Usage)?;
    if options.along == Along::Eigenvectors {
        crate::problem::lookup::solver(&options.solver)?;
    }
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    if let Some(path) = &flags.csv {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() || !folder.is_dir() {
            let path = path.display();
            return Err(Usage(format!("--csv {path}: expected the name of a file in a folder that exists")).into());
        }
    }
    interrupt::listen();
    let session = Session::open(spec)?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event: Event| match event {
        Event::Centre(event) => progress.show(event),
        Event::Points { done, total } => progress.points(done, total),
    };
    let found = landscape(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let found = found?;
    output::notes(&found.notices);

    let report = LandscapeReport::new(&session, &options, &found, command);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&landscape_text(&report))?;
    }
    if let Some(folder) = &options.out {
        write_json(&folder.join("landscape.json"), &report)?;
    }
    if let Some(path) = &flags.csv {
        write_text(path, &landscape_csv(&report))?;
    }
    if let Some(picture) = picture {
        picture.write(&landscape_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(if flags.strict && !report.converged { Ending::Unconverged } else { Ending::Done })
}
