//! A sharpness measurement for people.

use super::{AscentPart, MeanPart, SharpnessReport};
use crate::report::{Align, Table, grouped, percent, seconds, significant, tiny};
use crate::spectrum::problem_heading;
use std::fmt::Write as _;

/// The result of `hesse sharpness`.
pub fn sharpness_text(report: &SharpnessReport) -> String {
    let mut text = problem_heading(&report.model, &report.data, &report.backend, &report.manifest, report.dimension);
    let mut facts = Table::new(&[("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, value: String| facts.row([name.to_string(), value]);
    fact("loss", significant(report.loss, 7));
    let (correct, samples) = (grouped(report.correct), grouped(report.data.samples));
    fact("accuracy", format!("{} ({correct} of {samples})", percent(report.accuracy)));
    fact("gradient norm", significant(report.gradient_norm, 7));
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "{facts}");

    let mut table = Table::new(&[("measure", Align::Left), ("value", Align::Right), ("", Align::Left)]);
    let mut row = |name: &str, value: Option<f64>, remark: String| {
        let value = value.map_or_else(|| "none".to_string(), |value| significant(value, 6));
        table.row([name.to_string(), value, remark]);
    };
    for (i, pair) in report.eigenvalues.iter().enumerate() {
        let mark = if pair.converged { "" } else { ", NOT converged" };
        row(&format!("λ{}", subscript(i + 1)), Some(pair.value), format!("residual {}{mark}", tiny(pair.residual)));
    }
    row("λ₁/λ₅", report.lambda_ratio, String::new());
    row("trace", Some(report.trace.estimate), format!("± {}", significant(report.trace.standard_error, 2)));
    for (name, part) in [("", &report.sam), ("adaptive ", &report.adaptive)] {
        let AscentPart { radius, average, one_step, worst, gradients } = part;
        row(&format!("{name}gain, random direction"), average.mean, format!("{}, ρ {radius}", error(average)));
        row(&format!("{name}gain, one step"), *one_step, format!("ρ {radius}"));
        row(&format!("{name}gain, ascent"), *worst, format!("ρ {radius}, {gradients} gradients"));
    }
    row("m-sharpness", report.m_sharpness.mean, error(&report.m_sharpness));
    row("batch sharpness", report.batch_sharpness.mean, error(&report.batch_sharpness));
    if let Some(edge) = &report.edge {
        row("2/η", Some(edge.edge), format!("at rate {}", edge.rate));
        row("λ₁ ÷ 2/η", edge.lambda_1, String::new());
        row("batch sharpness ÷ 2/η", edge.batch_sharpness, String::new());
    }
    let _ = writeln!(text, "{table}");
    let verdict = if report.converged { "all converged" } else { "NOT all converged" };
    let _ = writeln!(text, "{} products, {}: {verdict}", report.products, seconds(report.seconds));
    text
}

fn error(part: &MeanPart) -> String {
    let error = part.standard_error.map_or_else(|| "±?".to_string(), |error| format!("± {}", significant(error, 2)));
    match part.batch_size {
        Some(size) => format!("{error}, {} batches of {size}", part.count),
        None => format!("{error}, {} directions", part.count),
    }
}

fn subscript(n: usize) -> char {
    char::from_u32(0x2080 + n as u32).unwrap_or('?')
}
