//! The study for people: the table and the answer in one sentence.

use super::SaddleFreeReport;
use super::cell::CellReport;
use crate::report::{Align, Table, grouped, percent, seconds, significant, tiny};
use std::fmt::Write as _;

/// The table, the answer in one sentence, and what the columns mean.
pub fn saddle_free_text(report: &SaddleFreeReport) -> String {
    let o = &report.options;
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: trained on {} samples to a loss of {} (at most {} epochs); Hessians of the cross-entropy with respect to \
         the pixels of {} test samples, by exact products in {}.\n",
        report.data.name,
        grouped(report.data.samples),
        o.target_loss,
        o.epochs,
        grouped(report.test_data.samples),
        o.precision
    );
    let _ = write!(text, "{}", table(&report.cells));
    let _ = writeln!(text, "\n{}", report.answer);
    let _ = writeln!(
        text,
        "negative: λ_min below −{} λ₁; rank: eigenvalues above {} λ₁, with its bound; outside: what of g no Krylov space \
         of that many dimensions can produce, more than {} counted.",
        tiny(o.semi_definite),
        tiny(o.rank_threshold),
        tiny(o.range_tolerance)
    );
    for cell in &report.cells {
        if let Some(coupling) = &cell.coupling {
            let _ = writeln!(
                text,
                "{}: batches of {} are one Hessian each; {} of H·v leaves the sample on which v lies (median).",
                cell.name,
                cell.samples_per_point,
                percent(coupling.median)
            );
        }
    }
    let _ = writeln!(text, "{} in all.", seconds(report.seconds));
    text
}

fn table(cells: &[CellReport]) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        ("network", Align::Left),
        ("theorem", Align::Left),
        right("test acc"),
        right("points"),
        right("λ₁ median"),
        right("lowest λ_min/λ₁"),
        right("negative"),
        right("rank max"),
        right("exceeded"),
        right("outside max"),
        right("counted"),
        ("", Align::Left),
    ]);
    for cell in cells {
        let of = |part: &Option<crate::spectrum::inputs::Distribution>,
                  which: fn(&crate::spectrum::inputs::Distribution) -> f64| {
            part.as_ref().map_or(f64::NAN, which)
        };
        table.row([
            cell.name.clone(),
            if cell.assumed { "applies" } else { "does not" }.to_string(),
            percent(cell.test_accuracy),
            grouped(cell.points.len()),
            significant(of(&cell.largest, |d| d.median), 3),
            tiny(of(&cell.lowest_share, |d| d.min)),
            grouped(cell.negative),
            format!("{} of {}", of(&cell.rank, |d| d.max), cell.rank_bound),
            grouped(cell.rank_exceeded),
            tiny(of(&cell.outside, |d| d.max)),
            grouped(cell.out_of_range),
            if cell.as_expected() { "as expected" } else { "NOT as expected" }.to_string(),
        ]);
    }
    table
}

/// Whether the theorem held where it applies and broke where it does not, in one sentence.
pub(super) fn answer(cells: &[CellReport], semi_definite: f64) -> String {
    let (applies, broken): (Vec<&CellReport>, Vec<&CellReport>) = cells.iter().partition(|c| c.assumed);
    let mut text = String::new();
    let points: usize = applies.iter().map(|c| c.points.len()).sum();
    let lowest = |all: &[&CellReport]| {
        all.iter().filter_map(|c| c.lowest_share.as_ref()).map(|d| d.min).fold(f64::INFINITY, f64::min)
    };
    if points > 0 {
        let hold: usize = applies.iter().map(|c| c.hold).sum();
        let negative: usize = applies.iter().map(|c| c.negative).sum();
        let rank = applies.iter().filter_map(|c| c.rank.as_ref()).map(|d| d.max).fold(0.0, f64::max);
        let outside = applies.iter().filter_map(|c| c.outside.as_ref()).map(|d| d.max).fold(0.0, f64::max);
        let bound = applies.first().map_or(0, |c| c.rank_bound);
        let verdict = if hold == points { "Yes" } else { "Not everywhere" };
        let _ = write!(
            text,
            "{verdict}: at {} of {} samples of {} piecewise-linear networks H is positive semi-definite (lowest λ_min {} \
             λ₁, {} below −{} λ₁), of rank at most {rank} (bound {bound}), with g in its range (at most {} outside)",
            grouped(hold),
            grouped(points),
            applies.len(),
            tiny(lowest(&applies)),
            grouped(negative),
            tiny(semi_definite),
            tiny(outside),
        );
    }
    for cell in &broken {
        let way = if cell.samples_per_point > 1 { "batches" } else { "samples" };
        text.push_str(if text.is_empty() { "" } else { "; " });
        let _ = write!(
            text,
            "{} is indefinite at {} of {} {way} (down to {} λ₁)",
            cell.name,
            grouped(cell.negative),
            grouped(cell.points.len()),
            cell.lowest_share.as_ref().map_or("none".to_string(), |d| significant(d.min, 2)),
        );
    }
    text.push('.');
    text
}
