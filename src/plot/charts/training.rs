//! Loss and accuracy against epochs.

use crate::plot::{Axis, Chart, Figure, Part, Scale, Series, Style};

/// What is known of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochPoint {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch.
    pub loss: f64,
    /// Share classified correctly.
    pub accuracy: f64,
    /// Mean loss over the test samples.
    pub test_loss: f64,
    /// Share of them classified correctly.
    pub test_accuracy: f64,
}

/// Loss (logarithmic) beside accuracy, for training and test samples, with the loss at which the run was to stop.
pub fn training(title: &str, epochs: &[EpochPoint], target: Option<f64>) -> Figure {
    let curve = |i: usize, name: &str, pick: fn(&EpochPoint) -> f64| {
        Series::line(name, Style::nth(i), epochs.iter().map(|e| [e.epoch as f64, pick(e)]))
    };
    let mut losses = vec![curve(0, "training", |e| e.loss), curve(1, "test", |e| e.test_loss)];
    if let Some(target) = target {
        losses.push(Series::new("target", Style { color: 7, ..Style::nth(3) }.bare(), Part::Level(target)));
    }
    let positive = epochs.iter().flat_map(|e| [e.loss, e.test_loss]).all(|v| v > 0.0 || v.is_nan());
    let scale = if positive { Scale::Log } else { Scale::Linear };
    let accuracies = vec![curve(0, "training", |e| 100.0 * e.accuracy), curve(1, "test", |e| 100.0 * e.test_accuracy)];
    let chart = |title: &str, y: Axis, series: Vec<Series>| Chart {
        title: title.to_string(),
        x: epoch_axis(epochs),
        y,
        series,
        note: String::new(),
    };
    Figure::row(
        title,
        vec![
            chart("Mean loss", Axis::new("loss").scaled(scale), losses).into(),
            chart("Accuracy", Axis::new("accuracy / %"), accuracies).into(),
        ],
    )
}

/// Epochs are whole numbers.
fn epoch_axis(epochs: &[EpochPoint]) -> Axis {
    let axis = Axis::new("epoch");
    match (epochs.first(), epochs.last()) {
        (Some(a), Some(b)) if b.epoch - a.epoch < 8 => {
            axis.marks((a.epoch..=b.epoch).map(|e| (e as f64, e.to_string())).collect())
        }
        _ => axis,
    }
}
