//! The progress of a training, on standard error: a line that changes, and one that stays for each epoch.
//!
//! Where standard error is no terminal only the lines of epochs are written, so that a log shows how it went.

use super::progress::style;
use crate::report::{percent, significant};
use crate::train::{EpochRecord, Event, TrackRecord};
use indicatif::ProgressBar;
use std::io::{IsTerminal, Write};

/// Follows one training.
pub(super) struct TrainingLine {
    bar: ProgressBar,
    prefix: String,
}

impl TrainingLine {
    /// A line that shows nothing yet; everything that follows has this text in front.
    pub fn labelled(prefix: String) -> Self {
        let bar = ProgressBar::new(0);
        bar.set_style(style("{prefix}  {wide_bar} {pos}/{len}  {msg}"));
        TrainingLine { bar, prefix }
    }

    /// Shows what the training does.
    pub fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Resumed { epoch, step } => self.say(&resumed_line(epoch, step)),
            Event::Step { epoch, epochs, step, steps, loss, accuracy, robust_accuracy, samples_per_second, .. } => {
                self.bar.set_length(steps as u64);
                self.bar.set_position(step as u64);
                self.bar.set_prefix(format!("{}epoch {epoch}/{epochs}", self.prefix));
                let (loss, accuracy) = (significant(loss, 4), percent(accuracy));
                let attacked = under_attack(robust_accuracy);
                let text = format!("loss {loss}  accuracy {accuracy}{attacked}  {samples_per_second:.0} samples/s");
                self.bar.set_message(text);
            }
            Event::Evaluating { split, done, total } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar.set_prefix(format!("{}evaluating the {split} samples", self.prefix));
                self.bar.set_message("");
            }
            Event::Tracking => self.bar.set_message("measuring curvature"),
            Event::Tracked(record) => self.bar.set_message(tracked_line(record)),
            Event::Epoch(record) => self.say(&epoch_line(record)),
            _ => {}
        }
    }

    /// Takes the changing line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, text: &str) {
        let text = format!("{}{text}", self.prefix);
        if std::io::stderr().is_terminal() {
            self.bar.println(text);
        } else {
            // A closed standard error must not end the run.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

fn tracked_line(record: &TrackRecord) -> String {
    match record.lambda1 {
        Some(lambda1) => format!("λ₁ {}, edge {}", significant(lambda1, 4), significant(record.edge, 4)),
        None => format!("measured after step {}", record.step),
    }
}

pub(super) fn resumed_line(epoch: usize, step: usize) -> String {
    format!("continuing in epoch {} after {step} steps", epoch + 1)
}

fn under_attack(accuracy: Option<f64>) -> String {
    accuracy.map_or_else(String::new, |accuracy| format!("  under attack {}", percent(accuracy)))
}

pub(super) fn epoch_line(record: &EpochRecord) -> String {
    format!(
        "epoch {}: loss {}  accuracy {}{}  test loss {}  test accuracy {}{}  {:.0} samples/s",
        record.epoch,
        significant(record.loss, 4),
        percent(record.accuracy),
        under_attack(record.robust_accuracy),
        significant(record.test_loss, 4),
        percent(record.test_accuracy),
        record.validation_accuracy.map_or_else(String::new, |a| format!("  held back {}", percent(a))),
        record.samples_per_second,
    )
}
