//! `hesse attack`.

use super::ending::{Ending, Usage};
use super::flags::AttackFlags;
use super::{interrupt, output, progress::Progress};
use crate::attack::{
    AttackOptions, AttackReport, Evaluation, Event, Place, Watch, adversarial_tensors, attack_figure, attack_text,
    evaluate, sheet, trace_csv,
};
use crate::problem::Session;
use crate::weights::write_safetensors;

pub(super) fn run(flags: &AttackFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options().map_err(Usage)?;
    // Names, options and budgets first: they cost nothing.
    options.make()?;
    options.driver(flags.machine.seed)?;
    let destination = flags.output.prepare()?;
    let files = Files::prepare(flags).map_err(Usage)?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    let session = Session::open(flags.spec())?;
    output::notes(session.notices());

    let mut progress = Progress::new();
    let mut observe = |event: Event<'_>| {
        let Event::Attack { attack, epsilon, step, done, total } = event;
        progress.attack(&format!("{attack}, ε {epsilon}, step {step}"), done, total);
    };
    let found = evaluate(&session, &options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    progress.clear();
    let found = found?;

    let report = AttackReport::new(&session, &options, &found, command);
    let known = session.notices().len();
    output::notes(report.manifest.notices.get(known..).unwrap_or_default());
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&attack_text(&report))?;
    }
    if let Some(picture) = picture {
        picture.write(&attack_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    files.finish(&session, &options, &found, &report)?;
    Ok(if found.interrupted { Ending::Interrupted } else { Ending::Done })
}

/// Files beside the result.
struct Files {
    save: Option<Place>,
    sheet: Option<Place>,
    trace: Option<Place>,
}

impl Files {
    /// Begins them, so that one that cannot be written is found before the work.
    fn prepare(flags: &AttackFlags) -> Result<Self, String> {
        let begin =
            |flag, path: &Option<std::path::PathBuf>| path.as_deref().map(|p| Place::prepare(flag, p)).transpose();
        Ok(Files {
            save: begin("--save", &flags.save)?,
            sheet: begin("--sheet", &flags.sheet)?,
            trace: begin("--trace", &flags.trace)?,
        })
    }

    fn finish(
        self,
        session: &Session,
        options: &AttackOptions,
        found: &Evaluation,
        report: &AttackReport,
    ) -> anyhow::Result<()> {
        if let Some(place) = self.save {
            let (tensors, metadata) = adversarial_tensors(report, found, session.dataset().sample_shape());
            write_safetensors(place.path(), &tensors, &metadata)?;
        }
        if let Some(place) = self.sheet {
            match sheet(options, found, session.dataset())? {
                Some(bytes) => place.write(&bytes)?,
                None => output::note("--sheet: there is no sample to show"),
            }
        }
        if let Some(place) = self.trace {
            place.write(trace_csv(options, found).as_bytes())?;
        }
        Ok(())
    }
}
