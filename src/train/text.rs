//! A finished training, for people.

use super::{Ending, TrackPart, TrackRecord, TrainReport};
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
    let held_back = report.epochs.iter().any(|record| record.validation_accuracy.is_some());
    if held_back {
        columns.insert(columns.len() - 2, "held back");
    }
    let columns: Vec<(&str, Align)> = columns.into_iter().map(|name| (name, Align::Right)).collect();
    let mut table = Table::new(&columns);
    let left_out = report.epochs.len().saturating_sub(SHOWN);
    for record in report.epochs.iter().skip(left_out) {
        let under_attack = robust.then(|| record.robust_accuracy.map_or_else(String::new, percent));
        let first = [record.epoch.to_string(), significant(record.loss, 4), percent(record.accuracy)];
        let test = [significant(record.test_loss, 4), percent(record.test_accuracy)];
        let validation = held_back.then(|| record.validation_accuracy.map_or_else(String::new, percent));
        let speed = [significant(record.rate, 3), grouped(record.samples_per_second as usize)];
        table.row(first.into_iter().chain(under_attack).chain(test).chain(validation).chain(speed));
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
    if let Some(validation) = &report.options.validation {
        let _ = writeln!(text, "Held back: {validation}; weights of epoch {} kept.", report.kept_epoch);
    }
    if let Some(track) = &report.track {
        let _ = write!(text, "\n{}\n", curves(track));
    }
    let ends = [("train", report.train_loss, report.train_accuracy), ("test", report.test_loss, report.test_accuracy)];
    for (split, loss, accuracy) in ends {
        let _ = writeln!(text, "{split:<5}  loss {}  accuracy {}", significant(loss, 4), percent(accuracy));
    }
    text
}

/// The curves, thinned to so many lines that one sees how they go.
fn curves(track: &TrackPart) -> Table {
    type Column = (&'static str, fn(&TrackRecord) -> Option<f64>);
    let all: [Column; 8] = [
        ("step", |r| Some(r.step as f64)),
        ("tracked loss", |r| r.loss),
        ("gradient norm", |r| r.gradient_norm),
        ("λ₁", |r| r.lambda1),
        ("trace", |r| r.trace),
        ("batch sharpness", |r| r.batch_sharpness),
        ("edge", |r| Some(r.edge)),
        ("λ₁ ÷ edge", |r| r.lambda1.map(|l| l / r.edge)),
    ];
    let records = &track.records;
    let columns: Vec<Column> =
        all.into_iter().filter(|(_, value)| records.iter().any(|r| value(r).is_some())).collect();
    let head: Vec<(&str, Align)> = columns.iter().map(|(name, _)| (*name, Align::Right)).collect();
    let mut table = Table::new(&head);
    let every = records.len().div_ceil(SHOWN).max(1);
    // The last one always, and from there back.
    let shown = records.iter().enumerate().filter(|(i, _)| (records.len() - 1 - i).is_multiple_of(every));
    for (_, record) in shown {
        table.row(columns.iter().enumerate().map(|(i, (_, value))| match (i, value(record)) {
            (_, None) => String::new(),
            (0, Some(step)) => grouped(step as usize),
            (_, Some(value)) => significant(value, 5),
        }));
    }
    table
}
