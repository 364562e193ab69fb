//! The pictures of the comparison.

use super::super::cell::Variant;
use super::super::pictures::{curves, over_batches, positive};
use super::super::quantity;
use super::LargeBatchMethodReport;
use super::answer::title;
use crate::plot::{Axis, Chart, Figure, Panel, Part, Series, Style};
use crate::report::grouped;
use crate::train::{EpochRecord, TrainReport};

/// Test accuracy and λ₁ against the batch size: the comparison at a glance.
pub fn large_batch_method_figure(report: &LargeBatchMethodReport) -> Figure {
    let accuracy = curves(&report.groups, &[("", "test_accuracy", 100.0)]);
    let lambda = curves(&report.groups, &[("", "lambda_train", 1.0)]);
    let axis = positive("largest eigenvalue λ₁", &lambda);
    let batches = &report.options.batch_sizes;
    Figure::row(
        "",
        vec![
            over_batches(batches, "Test accuracy", Axis::new("accuracy / %"), accuracy).into(),
            over_batches(batches, "Training Hessian", axis, lambda).into(),
        ],
    )
}

/// Accuracy under attack against the batch size.
pub(super) fn attacked(report: &LargeBatchMethodReport) -> Option<Figure> {
    let panels: Vec<Panel> = report
        .options
        .epsilons
        .iter()
        .map(|epsilon| {
            let name = quantity::attacked("FGSM", *epsilon, false);
            let series = curves(&report.groups, &[("", name.as_str(), 100.0)]);
            let axis = Axis::new("accuracy / %").range(0.0, 100.0);
            over_batches(&report.options.batch_sizes, &format!("FGSM, ε {epsilon}, test samples"), axis, series).into()
        })
        .collect();
    (!panels.is_empty()).then(|| Figure::row("", panels))
}

/// How the trainings with the largest batch went, first seed.
pub(super) fn training(report: &LargeBatchMethodReport, trainings: &[Option<TrainReport>]) -> Option<Figure> {
    let largest = report.options.batch_sizes.last()?;
    let seed = report.cells.first()?.seed;
    let of: Vec<(Variant, &TrainReport)> = report
        .cells
        .iter()
        .zip(trainings)
        .filter(|(cell, _)| cell.batch_size == *largest && cell.seed == seed)
        .filter_map(|(cell, training)| Some((cell.method, training.as_ref()?)))
        .collect();
    let series = |pick: fn(&EpochRecord) -> f64| -> Vec<Series> {
        let line = |(i, (method, training)): (usize, &(Variant, &TrainReport))| {
            let points = training.epochs.iter().map(|e| [e.epoch as f64, pick(e)]);
            Series::line(title(*method), Style::nth(i).bare(), points)
        };
        of.iter().enumerate().map(line).collect()
    };
    let chart = |name: &str, y: Axis, series: Vec<Series>| -> Panel {
        let title = format!("{name}, batch {}", grouped(*largest));
        Chart { title, x: Axis::new("epoch"), y, series, ..Chart::default() }.into()
    };
    let mut losses = series(|e| e.loss);
    let target = Style { color: 7, ..Style::nth(3) }.bare();
    losses.push(Series::new("target", target, Part::Level(report.options.target_loss)));
    let panels = vec![
        chart("Objective", Axis::log("mean over the epoch"), losses),
        chart("Test samples", Axis::new("accuracy / %"), series(|e| 100.0 * e.test_accuracy)),
    ];
    (!of.is_empty()).then(|| Figure::row("", panels))
}
