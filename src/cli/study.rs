//! `hesse study`.

use super::ending::Ending;
use super::flags::{LargeBatchFlags, RobustStudyFlags, StudyCommand};
use super::{interrupt, output, progress::Progress, training::TrainingLine};
use crate::study::{
    Event, Watch, large_batch, large_batch_figure, large_batch_text, robust, robust_figure, robust_plan, robust_text,
};

pub(super) fn run(study: &StudyCommand, command: &[String]) -> anyhow::Result<Ending> {
    match study {
        StudyCommand::LargeBatch(flags) => run_large_batch(flags, command),
        StudyCommand::Robust(flags) => run_robust(flags, command),
        StudyCommand::SaddleFree(flags) => super::saddle_free::run(flags, command),
    }
}

fn run_large_batch(flags: &LargeBatchFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command);
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    let mut follower = Follower::new();
    let mut observe = |event: Event<'_>| follower.show(event);
    let studied = large_batch(&options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    follower.clear();
    let report = studied?;
    output::notes(&report.manifest.notices);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        let page = options.out.join("report.html");
        output::print(&format!("{}report in {}\n", large_batch_text(&report), page.display()))?;
    }
    if let Some(picture) = picture {
        picture.write(&large_batch_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    let complete = report.targets_reached && report.converged;
    Ok(if flags.strict && !complete { Ending::Unconverged } else { Ending::Done })
}

fn run_robust(flags: &RobustStudyFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command);
    let destination = flags.output.prepare()?;
    let picture = flags.plot.prepare()?;
    interrupt::listen();
    output::note(&format!("plan:\n{}", robust_plan(&options)?));
    let mut follower = Follower::new();
    let mut observe = |event: Event<'_>| follower.show(event);
    let studied = robust(&options, &mut Watch { observe: &mut observe, stop: &interrupt::asked });
    follower.clear();
    let report = studied?;
    output::notes(&report.manifest.notices);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        let page = options.out.join("report.html");
        output::print(&format!("{}report in {}\n", robust_text(&report), page.display()))?;
    }
    if let Some(picture) = picture {
        picture.write(&robust_figure(&report))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(if flags.strict && !report.converged { Ending::Unconverged } else { Ending::Done })
}

/// The progress of a study: that of the training or the measurement it is at.
struct Follower {
    label: String,
    training: Option<TrainingLine>,
    measuring: Option<Progress>,
}

impl Follower {
    fn new() -> Self {
        Follower { label: String::new(), training: None, measuring: None }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Cell { name, number, of } => {
                self.clear();
                self.label = format!("[{number}/{of}] {name}: ");
            }
            Event::Train(event) => {
                if self.training.is_none() {
                    self.clear();
                }
                self.training.get_or_insert_with(|| TrainingLine::labelled(self.label.clone())).show(event);
            }
            Event::Curvature { of, event } => {
                if self.measuring.is_none() {
                    self.clear();
                }
                let label = format!("{}{of} ", self.label);
                let progress = self.measuring.get_or_insert_with(Progress::new);
                progress.label(label);
                progress.show(event);
            }
            Event::Samples { what, done, total } => {
                if self.measuring.is_none() {
                    self.clear();
                }
                let progress = self.measuring.get_or_insert_with(Progress::new);
                progress.label(self.label.clone());
                progress.attack(what, done, total);
            }
        }
    }

    /// Takes away whatever line there is.
    fn clear(&mut self) {
        if let Some(line) = self.training.take() {
            line.clear();
        }
        if let Some(line) = self.measuring.take() {
            line.clear();
        }
    }
}
