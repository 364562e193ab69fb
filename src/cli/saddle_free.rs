//! `hesse study saddle-free`.

use super::ending::Ending;
use super::flags::SaddleFreeFlags;
use super::{interrupt, output, progress::Progress, training::TrainingLine};
use crate::study::saddle_free::{SaddleFreeEvent, SaddleFreeWatch, saddle_free, saddle_free_text};

pub(super) fn run(flags: &SaddleFreeFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command);
    let destination = flags.output.prepare()?;
    interrupt::listen();
    let mut follower = Follower { label: String::new(), training: None, measuring: None };
    let mut observe = |event: SaddleFreeEvent<'_>| follower.show(event);
    let studied = saddle_free(&options, &mut SaddleFreeWatch { observe: &mut observe, stop: &interrupt::asked });
    follower.clear();
    let report = studied?;
    output::notes(&report.manifest.notices);
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&format!("{}results in {}\n", saddle_free_text(&report), options.out.display()))?;
    }
    if let Some(destination) = destination {
        destination.finish(&report)?;
    }
    Ok(if flags.strict && !report.as_expected { Ending::Unconverged } else { Ending::Done })
}

/// The progress of the study: that of the training or the check it is at.
struct Follower {
    label: String,
    training: Option<TrainingLine>,
    measuring: Option<Progress>,
}

impl Follower {
    fn show(&mut self, event: SaddleFreeEvent<'_>) {
        match event {
            SaddleFreeEvent::Cell { name, number, of } => {
                self.clear();
                self.label = format!("[{number}/{of}] {name}: ");
            }
            SaddleFreeEvent::Train(event) => {
                if self.training.is_none() {
                    self.clear();
                }
                self.training.get_or_insert_with(|| TrainingLine::labelled(self.label.clone())).show(event);
            }
            SaddleFreeEvent::Measure(event) => {
                if self.measuring.is_none() {
                    self.clear();
                }
                let progress = self.measuring.get_or_insert_with(Progress::new);
                progress.label(self.label.clone());
                progress.show(event);
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
