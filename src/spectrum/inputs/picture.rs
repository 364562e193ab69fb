//! The spectra of input Hessians as a picture: how λ₁ is distributed over the samples, and how it goes with the gradient.

use super::{InputSpectrumReport, SampleResult};
use crate::plot::charts;
use crate::plot::{Axis, Chart, Figure, Part, Series, Style};
use crate::report::grouped;

/// A histogram of log₁₀ λ₁, λ₁ against the gradient's norm, and, where the lowest eigenvalue was looked for, a histogram of
/// λ_min/λ₁.
pub fn input_spectrum_figure(report: &InputSpectrumReport) -> Figure {
    let lambda: Vec<f64> = report.samples.iter().map(SampleResult::lambda).filter(|v| *v > 0.0).collect();
    let logarithms: Vec<f64> = lambda.iter().map(|v| v.log10()).collect();
    let mut spread = charts::histogram("largest eigenvalue", "log₁₀ λ₁", &logarithms);
    spread.note = match report.samples.len() - lambda.len() {
        0 => String::new(),
        rest => format!("{rest} samples without a positive eigenvalue are left out."),
    };
    let mut panels = vec![spread.into(), against_gradient(&report.samples).into()];
    let shares: Vec<f64> = report.samples.iter().filter_map(SampleResult::lowest_share).collect();
    if !shares.is_empty() {
        panels.push(charts::histogram("lowest eigenvalue", "λ_min / λ₁", &shares).into());
    }
    let (model, data) = (&report.model.name, &report.data);
    let title = format!("{model} on {}, {}: Hessians with respect to the input", data.name, data.split);
    let (samples, pixels) = (grouped(report.samples.len()), grouped(report.dimension));
    let mut figure = Figure::row(title, panels);
    figure.note = format!("{samples} samples, {pixels} pixels; the Hessian of each sample's own cross-entropy.");
    figure
}

fn against_gradient(samples: &[SampleResult]) -> Chart {
    let groups = [(true, "classified correctly"), (false, "classified wrongly")];
    let series = groups.iter().enumerate().filter_map(|(i, (correct, name))| {
        let points: Vec<[f64; 2]> =
            samples.iter().filter(|s| s.correct == *correct).map(|s| [s.gradient_norm, s.lambda()]).collect();
        (!points.is_empty()).then(|| Series::new(*name, Style::nth(i), Part::Points(points)))
    });
    Chart {
        title: "curvature against slope".to_string(),
        x: Axis::log("norm of the gradient"),
        y: Axis::log("λ₁"),
        series: series.collect(),
        note: String::new(),
    }
}
