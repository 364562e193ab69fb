//! The same report as Markdown.

use super::RobustReport;
use super::tables::grids;
use super::text::{cautions, heading};
use std::fmt::Write as _;

/// Headline, answer, tables and cautions.
pub fn robust_markdown(report: &RobustReport) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "# Robust training and curvature\n\n**{}**\n\n{}", report.answer, heading(report));
    for grid in grids(report) {
        let _ = writeln!(text, "\n## {}\n", grid.title);
        let _ = writeln!(text, "| {} |", grid.columns.join(" | "));
        let rule: Vec<&str> = (0..grid.columns.len()).map(|i| if i == 0 { ":--" } else { "--:" }).collect();
        let _ = writeln!(text, "| {} |", rule.join(" | "));
        for row in grid.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
    }
    let _ = writeln!(text);
    for caution in cautions(report).iter().chain(&report.manifest.notices) {
        let _ = writeln!(text, "* {caution}");
    }
    text
}
