//! `hesse attack`.

use super::ending::{Ending, Usage};
use super::flags::AttackFlags;
use super::{interrupt, output, progress::Progress};
use crate::attack::{AttackReport, Event, Watch, attack_figure, attack_text, evaluate};
use crate::problem::Session;

pub(super) fn run(flags: &AttackFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options().map_err(Usage)?;
    // Names, options and budgets first: they cost nothing.
    options.make()?;
    options.driver(flags.machine.seed)?;
    let destination = flags.output.prepare()?;
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
    Ok(if found.interrupted { Ending::Interrupted } else { Ending::Done })
}
