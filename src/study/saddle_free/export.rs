//! The study for spreadsheets and for reading.

use super::SaddleFreeReport;
use super::text::saddle_free_text;
use std::fmt::Write as _;

/// One line for each point of each cell.
pub(super) fn csv(report: &SaddleFreeReport) -> String {
    let mut text = "network,batch_norm,assumed,index,loss,gradient_norm,largest,smallest,lowest_share,rank,rank_bound,\
                    rank_complete,outside,products\n"
        .to_string();
    for cell in &report.cells {
        for p in &cell.points {
            // Names of networks hold commas. Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "\"{}\",{},{},{},{},{},{},{},{},{},{},{},{},{}",
                cell.model,
                cell.batch_norm,
                cell.assumed,
                p.index,
                p.loss,
                p.gradient_norm,
                p.largest,
                p.smallest,
                p.lowest_share(),
                p.rank,
                cell.rank_bound,
                p.complete,
                p.outside,
                p.products
            );
        }
    }
    text
}

/// The question, the answer, the table, and where the rest is.
pub(super) fn markdown(report: &SaddleFreeReport) -> String {
    let mut text = format!("# Saddle-free?\n\n{}\n\n**{}**\n\n", report.question, report.answer);
    text.push_str("| network | theorem | points | lowest λ_min/λ₁ | negative | rank max (bound) | exceeded | outside max | counted |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for cell in &report.cells {
        let max = |d: &Option<crate::spectrum::inputs::Distribution>| d.as_ref().map_or(f64::NAN, |d| d.max);
        let _ = writeln!(
            text,
            "| `{}`{} | {} | {} | {:.1e} | {} | {} ({}) | {} | {:.1e} | {} |",
            cell.model,
            if cell.samples_per_point > 1 { ", train-mode batch norm" } else { "" },
            if cell.assumed { "applies" } else { "does not apply" },
            cell.points.len(),
            cell.lowest_share.as_ref().map_or(f64::NAN, |d| d.min),
            cell.negative,
            max(&cell.rank),
            cell.rank_bound,
            cell.rank_exceeded,
            max(&cell.outside),
            cell.out_of_range
        );
    }
    let _ = writeln!(text, "\n```text\n{}```\n", saddle_free_text(report));
    text.push_str("Every point: `table.csv`. Landscapes around one sample of each network (Figure 7): `study.json`, `cells[].landscape`.\n");
    text
}
