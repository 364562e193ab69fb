//! A finished training, for people.

use super::{Ending, TrainReport};
use crate::report::{Align, Table, grouped, percent, seconds, significant};
use std::fmt::Write as _;

/// Most epochs shown one by one.
const SHOWN: usize = 12;

/// A table of the last epochs, and what came of it all.
pub fn train_text(report: &TrainReport) -> String {
    let robust = report.epochs.iter().any(|record| record.robust_accuracy.is_some());
    let mut columns = vec!["epoch", "loss", "accuracy", "test loss", "test accuracy", "rate", "samples/s"];
    if robust {
        columns.insert(3, "under attack");
    }
    let columns: Vec<(&str, Align)> = columns.into_iter().map(|name| (name, Align::Right)).collect();
    let mut table = Table::new(&columns);
    let left_out = report.epochs.len().saturating_sub(SHOWN);
    for record in report.epochs.iter().skip(left_out) {
        let under_attack = robust.then(|| record.robust_accuracy.map_or_else(String::new, percent));
        let first = [record.epoch.to_string(), significant(record.loss, 4), percent(record.accuracy)];
        let last = [
            significant(record.test_loss, 4),
            percent(record.test_accuracy),
            significant(record.rate, 3),
            grouped(record.samples_per_second as usize),
        ];
        table.row(first.into_iter().chain(under_attack).chain(last));
    }
    let mut text = format!(
        "{}, {} parameters, on {}: {} training and {} test samples\n\n",
        report.model.name,
        grouped(report.model.parameters),
        report.data.name,
        grouped(report.data.samples),
        grouped(report.test_data.samples)
    );
    // Writing to a String cannot fail.
    if left_out > 0 {
        let _ = writeln!(text, "(the first {left_out} epochs are in train.json)");
    }
    let _ = write!(text, "{table}");
    let _ = writeln!(
        text,
        "\nEnded by {} after {} steps in {}, {} samples/s.",
        match report.ended_by {
            Ending::TargetLoss => "the target loss",
            Ending::Epochs => "the number of epochs",
        },
        grouped(report.steps),
        seconds(report.seconds),
        grouped(report.samples_per_second as usize)
    );
    if let (Some(false), Some(target)) = (report.target_reached, report.options.target_loss) {
        let _ = writeln!(text, "The target loss {target} was not reached; more epochs go on from here.");
    }
    let ends = [("train", report.train_loss, report.train_accuracy), ("test", report.test_loss, report.test_accuracy)];
    for (split, loss, accuracy) in ends {
        let _ = writeln!(text, "{split:<5}  loss {}  accuracy {}", significant(loss, 4), percent(accuracy));
    }
    text
}
