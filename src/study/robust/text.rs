//! The study of robust training, for people.

use super::RobustReport;
use super::tables::tables;
use crate::report::{grouped, seconds};
use std::fmt::Write as _;

/// The tables, the answer in one sentence, and what to keep in mind.
pub fn robust_text(report: &RobustReport) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "{}\n", heading(report));
    for table in tables(report) {
        let _ = writeln!(text, "{}\n{}", table.caption, table.plain());
    }
    let _ = writeln!(text, "{}", report.answer);
    for caution in cautions(report) {
        let _ = writeln!(text, "{caution}");
    }
    let _ = writeln!(text, "{} in all.", seconds(report.seconds));
    text
}

/// Network, data and protocol in one paragraph.
pub(super) fn heading(report: &RobustReport) -> String {
    let options = &report.options;
    let budgets: Vec<String> = report.attacks.iter().map(|a| format!("{} {} {}", a.title, a.norm, a.epsilon)).collect();
    format!(
        "{} ({} parameters) on {}: {} training and {} test samples; {} epochs plainly, then {} against each attack, \
         and as many without one as a control (budgets: {}).",
        report.model.name,
        grouped(report.model.parameters),
        report.data.name,
        grouped(report.data.samples),
        grouped(report.test_data.samples),
        options.epochs,
        options.tune_epochs,
        budgets.join(", ")
    )
}

/// What a reader has to keep in mind.
pub(super) fn cautions(report: &RobustReport) -> Vec<String> {
    let mut all = vec![
        "Sets made on one network measure transfer; only attacks on the network itself bound its robustness, and from \
         above."
            .to_string(),
    ];
    if !report.converged {
        let tolerance = report.options.tolerance;
        all.push(format!("Not every eigenvalue is within the tolerance {tolerance}; see the residuals."));
    }
    all
}
