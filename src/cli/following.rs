//! The progress of a study: that of the training, the measurement or the attack it is at.

use super::{interrupt, progress::Progress, training::TrainingLine};
use crate::study::{Event, StudyError, Watch};
use std::time::Instant;

/// Runs a study whose work began at a moment, shows what it does, and lets it be interrupted.
pub(super) fn follow<T>(
    since: Instant,
    study: impl FnOnce(&mut Watch<'_>) -> Result<T, StudyError>,
) -> Result<T, StudyError> {
    interrupt::listen();
    let mut follower = Follower { label: String::new(), training: None, measuring: None };
    let mut observe = |event: Event<'_>| follower.show(event);
    let studied = study(&mut Watch { observe: &mut observe, stop: &interrupt::asked, since });
    follower.clear();
    studied
}

struct Follower {
    label: String,
    training: Option<TrainingLine>,
    measuring: Option<Progress>,
}

impl Follower {
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
                let gap = if of.is_empty() { "" } else { " " };
                let label = format!("{}{of}{gap}", self.label);
                self.measure(label).show(event);
            }
            Event::Samples { what, done, total } => self.measure(self.label.clone()).attack(what, done, total),
        }
    }

    /// The line of a measurement under this label.
    fn measure(&mut self, label: String) -> &mut Progress {
        if self.measuring.is_none() {
            self.clear();
        }
        let progress = self.measuring.get_or_insert_with(Progress::new);
        progress.label(label);
        progress
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
