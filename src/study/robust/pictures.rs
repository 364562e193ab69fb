//! The pictures of the study: both matrices at a glance, the paper's Figure 5 (lines) and Figure 6 (spectra).

use super::{RobustModel, RobustReport};
use crate::plot::charts::{Group, bars};
use crate::plot::{Axis, Chart, Figure, Panel, Part, Scale, Series, Style};

/// The picture of the whole study: accuracy, and the largest eigenvalue.
pub fn robust_figure(report: &RobustReport) -> Figure {
    Figure::row("", vec![accuracy(report).into(), largest(report).into()])
}

/// The picture beside a table: the stem of its files, its caption, and what is drawn.
pub(super) fn of(report: &RobustReport, table: &str) -> Option<(&'static str, &'static str, Figure)> {
    match table {
        "transfer" => Some((
            "accuracy",
            "Accuracy on clean test samples, on the sets made on the original network (mean), and under attacks on the \
             network itself (mean).",
            accuracy(report).into(),
        )),
        "spectra" => Some((
            "spectra",
            "Largest and smallest eigenvalue of the Hessian of the mean training loss over the first samples.",
            Figure::row("", vec![largest(report).into(), smallest(report).into()]),
        )),
        "lines" => Some((
            "lines",
            "On the straight line from the original weights (α = 0) to the robust ones (α = 1).",
            Figure::row("", lines(report)),
        )),
        _ => None,
    }
}

fn accuracy(report: &RobustReport) -> Chart {
    let categories: Vec<String> = report
        .models
        .iter()
        .map(|m| m.title.trim_start_matches("against ").trim_end_matches(" (control)").to_string())
        .collect();
    let group = |name: &str, value: fn(&RobustModel) -> f64| Group {
        name: name.to_string(),
        values: report.models.iter().map(|m| 100.0 * value(m)).collect(),
        errors: Vec::new(),
    };
    let groups = [
        group("clean", |m| m.test_accuracy),
        group("original's sets", |m| m.transfer_mean),
        group("own attacks", |m| m.white_box_mean),
    ];
    bars("Accuracy by what was trained against", "accuracy in %", &categories, &groups)
}

fn by_samples(report: &RobustReport, value: fn(&super::SpectrumCell) -> f64) -> Vec<Series> {
    let series = report.models.iter().enumerate().map(|(i, model)| {
        let mut points: Vec<[f64; 2]> =
            model.spectra.iter().map(|cell| [cell.found.samples as f64, value(cell)]).collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        Series::line(model.title.clone(), Style::nth(i), points)
    });
    series.collect()
}

fn largest(report: &RobustReport) -> Chart {
    let series = by_samples(report, |cell| cell.found.lambda());
    let positive = series.iter().flat_map(|s| &s.parts).all(|part| match part {
        Part::Line(points) => points.iter().all(|p| p[1] > 0.0),
        _ => true,
    });
    let y = Axis::new("λ₁").scaled(if positive { Scale::Log } else { Scale::Symlog(0.0) });
    Chart { title: "Largest eigenvalue".to_string(), x: Axis::log("samples"), y, series, ..Chart::default() }
}

fn smallest(report: &RobustReport) -> Chart {
    let series = by_samples(report, super::SpectrumCell::smallest);
    let y = Axis::new("smallest eigenvalue").scaled(Scale::Symlog(0.0));
    Chart { title: "Smallest eigenvalue".to_string(), x: Axis::log("samples"), y, series, ..Chart::default() }
}

fn lines(report: &RobustReport) -> Vec<Panel> {
    let series = |value: fn(&super::LinePoint) -> f64| -> Vec<Series> {
        let robust = report.models.iter().filter_map(|m| Some((m, m.line.as_ref()?)));
        let line = robust.enumerate().map(|(i, (model, line))| {
            let points = line.points.iter().map(|p| [p.alpha, value(p)]);
            Series::line(model.title.clone(), Style::nth(i), points)
        });
        line.collect()
    };
    let chart = |title: &str, y: Axis, series| {
        Chart { title: title.to_string(), x: Axis::new("α"), y, series, ..Chart::default() }.into()
    };
    vec![
        chart("Loss on clean test samples", Axis::log("loss"), series(|p| p.loss)),
        chart(
            "Accuracy on the set of the attack trained against",
            Axis::new("accuracy in %").range(0.0, 100.0),
            series(|p| 100.0 * p.adversarial_accuracy),
        ),
    ]
}
