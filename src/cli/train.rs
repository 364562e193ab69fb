//! `hesse train`.

use super::ending::{Ending, Usage};
use super::flags::TrainFlags;
use super::{interrupt, output, training::TrainingLine};
use crate::train::{Watch, run as train, train_figure, train_text};

pub(super) fn run(flags: &TrainFlags, command: &[String]) -> anyhow::Result<Ending> {
    let spec = flags.spec(command).map_err(Usage)?;
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    let mut line = TrainingLine::labelled(String::new());
    let mut observe = |event: crate::train::Event<'_>| line.show(event);
    let trained = train(&spec, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    line.clear();
    let report = trained?;
    output::notes(&report.manifest.notices);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&format!("{}results in {}\n", train_text(&report), spec.out.display()))?;
    }
    if let Some(picture) = picture {
        picture.write(&train_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    let missed = report.target_reached == Some(false);
    Ok(if flags.strict && missed { Ending::Unconverged } else { Ending::Done })
}
