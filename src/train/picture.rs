//! A training as a picture.

use super::{EpochRecord, TrainReport};
use crate::plot::{Figure, charts};

/// Loss and accuracy against epochs.
pub fn train_figure(report: &TrainReport) -> Figure {
    let point = |r: &EpochRecord| charts::EpochPoint {
        epoch: r.epoch,
        loss: r.loss,
        accuracy: r.accuracy,
        test_loss: r.test_loss,
        test_accuracy: r.test_accuracy,
    };
    let epochs: Vec<charts::EpochPoint> = report.epochs.iter().map(point).collect();
    let options = &report.options;
    let title =
        format!("{} on {}: batch {}, rate {}", report.model.name, report.data.name, options.batch_size, options.rate);
    let mut figure = charts::training(&title, &epochs, options.target_loss);
    figure.note =
        "Training: mean over the epoch, each sample before the step on it. Test: after the epoch.".to_string();
    figure
}
