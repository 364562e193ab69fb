//! A landscape for people and for spreadsheets.

use super::LandscapeReport;
use crate::report::{Align, Table, grouped, percent, seconds, significant, tiny};
use std::fmt::Write as _;

/// The directions with their figures, the extremes, and how far the quadratic model holds.
pub fn landscape_text(report: &LandscapeReport) -> String {
    let mut text = String::new();
    let centre = &report.centre;
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "{} on {} {} ({}): loss {} and accuracy {} at the centre\n",
        report.model.name,
        report.data.name,
        report.data.split,
        if centre.samples == 1 {
            format!("sample {}", report.data.range[0])
        } else {
            format!("{} samples", grouped(centre.samples))
        },
        significant(centre.loss, 6),
        percent(centre.accuracy)
    );
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        ("direction", Align::Left),
        right("length"),
        right("of the whole"),
        right("slope gᵀd"),
        right("by difference"),
        right("curvature dᵀHd"),
        right("by difference"),
    ]);
    let shown = |v: Option<f64>| v.map_or("none".to_string(), |v| significant(v, 4));
    for axis in &report.axes {
        let d = &axis.direction;
        table.row([
            d.name.clone(),
            significant(d.norm, 4),
            significant(d.relative_norm, 3),
            significant(d.slope, 4),
            shown(d.first_difference),
            significant(d.curvature, 4),
            shown(d.second_difference),
        ]);
    }
    let _ = writeln!(text, "{table}");
    for axis in &report.axes {
        if let Some(eigen) = axis.direction.eigen {
            let _ = writeln!(
                text,
                "{}: λ = {}, residual {}, Rayleigh quotient off by {}{}",
                axis.direction.name,
                significant(eigen.value, 6),
                tiny(eigen.residual),
                tiny(eigen.rayleigh_error),
                if eigen.converged { "" } else { ": NOT converged" }
            );
        }
    }
    if let Some(cosine) = report.cosine {
        let _ = writeln!(text, "cosine of the angle between the directions: {}", tiny(cosine));
    }
    match report.model_deviation {
        Some(deviation) => {
            let _ = writeln!(
                text,
                "quadratic model: off by {} of its change one grid step from the centre",
                tiny(deviation)
            );
        }
        None => {
            let _ = writeln!(text, "quadratic model: nothing to compare with");
        }
    }
    if report.axes.len() == 1 {
        let _ = write!(text, "\n{}", line(report));
    } else {
        let _ = write!(text, "\n{}", extremes(report));
    }
    let resumed = if report.resumed > 0 {
        format!(", {} of them kept from before", grouped(report.resumed))
    } else {
        String::new()
    };
    let _ = writeln!(text, "\n{} points in {}{resumed}", grouped(report.loss.len()), seconds(report.seconds));
    text
}

fn line(report: &LandscapeReport) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[right("step"), right("loss"), right("model"), right("accuracy")]);
    let steps = report.axes.first().map(|a| a.steps.as_slice()).unwrap_or_default();
    // More lines than a screen has show less.
    let every = steps.len().div_ceil(41).max(1);
    for (i, step) in steps.iter().enumerate().step_by(every) {
        let at = |v: &[f64], digits| v.get(i).map_or(String::new(), |v| significant(*v, digits));
        let share = report.accuracy.get(i).map_or(String::new(), |v| percent(*v));
        table.row([significant(*step, 4), at(&report.loss, 6), at(&report.model_loss, 6), share]);
    }
    table
}

fn extremes(report: &LandscapeReport) -> Table {
    let [first, second] = report.axes.as_slice() else { return Table::default() };
    let mut table = Table::new(&[("", Align::Left), ("loss", Align::Right), ("at", Align::Left)]);
    let finite = || report.loss.iter().enumerate().filter(|(_, v)| v.is_finite());
    let pairs = [
        ("lowest", finite().min_by(|a, b| a.1.total_cmp(b.1))),
        ("highest", finite().max_by(|a, b| a.1.total_cmp(b.1))),
    ];
    for (name, found) in pairs {
        let Some((i, loss)) = found else { continue };
        let columns = first.steps.len().max(1);
        let at = |line: &[f64], i: usize| line.get(i).map_or(String::new(), |v| significant(*v, 3));
        let place = format!("({}, {})", at(&first.steps, i % columns), at(&second.steps, i / columns));
        table.row([name.to_string(), significant(*loss, 6), place]);
    }
    table
}

/// One line for each point.
pub fn landscape_csv(report: &LandscapeReport) -> String {
    let mut text = "row,column,step_1,step_2,loss,accuracy,model\n".to_string();
    let first = report.axes.first().map(|a| a.steps.as_slice()).unwrap_or_default();
    let second = report.axes.get(1).map(|a| a.steps.as_slice()).unwrap_or(&[0.0]);
    let columns = first.len().max(1);
    for (i, (loss, accuracy)) in report.loss.iter().zip(&report.accuracy).enumerate() {
        let (row, column) = (i / columns, i % columns);
        let step = |line: &[f64], i: usize| line.get(i).copied().unwrap_or(f64::NAN);
        let model = report.model_loss.get(i).map_or(String::new(), f64::to_string);
        let _ =
            writeln!(text, "{row},{column},{},{},{loss},{accuracy},{model}", step(first, column), step(second, row));
    }
    text
}
