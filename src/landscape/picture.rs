//! A landscape as a picture.

use super::LandscapeReport;
use crate::plot::{Figure, charts};
use crate::report::{grouped, significant, tiny};

/// The loss along a line or over a plane, with the quadratic model.
pub fn landscape_figure(report: &LandscapeReport) -> Figure {
    let label =
        |i: usize| report.axes.get(i).map_or(String::new(), |a| step_label(&a.direction.name, a.direction.norm));
    let steps = |i: usize| report.axes.get(i).map(|a| a.steps.as_slice()).unwrap_or_default();
    let what = if report.wrt == "inputs" {
        format!("sample {} of {}, {}", report.data.range[0], report.data.name, report.data.split)
    } else {
        format!("{} on {}, {}", report.model.name, report.data.name, report.data.split)
    };
    let of = if report.wrt == "inputs" { "loss by the pixels" } else { "loss by the weights" };
    let title = format!("{what}: {of}");
    // One sample is right or wrong; that is no curve.
    let accuracy = if report.centre.samples > 1 { report.accuracy.as_slice() } else { &[] };
    let mut figure = if report.axes.len() == 2 {
        charts::plane_landscape(
            &title,
            [&label(0), &label(1)],
            steps(0),
            steps(1),
            &report.loss,
            accuracy,
            &report.model_loss,
        )
    } else {
        charts::line_landscape(&title, &label(0), steps(0), &report.loss, accuracy, &report.model_loss)
    };
    figure.note = note(report);
    figure
}

fn step_label(name: &str, norm: f64) -> String {
    match name.strip_prefix("eigenvector ") {
        Some(k) => format!("step along v{}", subscript(k)),
        None => format!("step along {name} (length {})", significant(norm, 3)),
    }
}

fn subscript(digits: &str) -> String {
    let lower = |c: char| c.to_digit(10).and_then(|d| char::from_u32(0x2080 + d)).unwrap_or(c);
    digits.chars().map(lower).collect()
}

fn note(report: &LandscapeReport) -> String {
    let mut parts = Vec::new();
    for axis in &report.axes {
        let d = &axis.direction;
        if let Some(eigen) = d.eigen {
            parts.push(format!("{}: λ = {}, residual {}", d.name, significant(eigen.value, 4), tiny(eigen.residual)));
        } else {
            parts.push(format!("{}: {}, dᵀHd = {}", d.name, d.normalization, significant(d.curvature, 4)));
        }
    }
    if let Some(deviation) = report.model_deviation {
        parts.push(format!("model off by {} of its change one step from the centre", tiny(deviation)));
    }
    if report.centre.samples > 1 {
        parts.push(format!("{} samples", grouped(report.centre.samples)));
    }
    format!("{}.", parts.join("; "))
}
