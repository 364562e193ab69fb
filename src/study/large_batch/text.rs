//! The study of large batches, for people at a terminal.

use super::answer::remarks;
use super::report::LargeBatchReport;
use super::tables;
use crate::report::{grouped, seconds};
use std::fmt::Write as _;

/// The tables, the answer in one sentence, and what to keep in mind.
pub fn large_batch_text(report: &LargeBatchReport) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "{}\n", heading(report));
    let attacked = super::attacked::ATTACKS.map(|(attack, _)| tables::attacked(report, attack));
    let all = [tables::main(report), tables::inputs(report)].into_iter().chain(attacked);
    let trends = Some(tables::trends(report)).filter(|t| report.spearman.train.is_some() && !t.rows.is_empty());
    for table in all.chain([tables::ratios(report), trends]).flatten() {
        let _ = writeln!(text, "{}\n{}", table.caption, table.plain());
    }
    let _ = writeln!(text, "{}", report.answer);
    if !report.differences.is_empty() {
        let _ = writeln!(text, "Not as in the paper:");
        report.differences.iter().for_each(|difference| {
            let _ = writeln!(text, "  {difference}");
        });
    }
    for remark in remarks(report) {
        let _ = writeln!(text, "{remark}");
    }
    let _ = writeln!(text, "{} in all.", seconds(report.seconds));
    text
}

/// Network, data and protocol in one paragraph.
pub(super) fn heading(report: &LargeBatchReport) -> String {
    let options = &report.options;
    let samples = |split: fn(&super::CellReport) -> usize| grouped(report.cells.first().map_or(0, split));
    let seeds = if options.seeds > 1 {
        format!(", {} seeds (means ± standard deviations)", options.seeds)
    } else {
        String::new()
    };
    let robust = options.robust.as_ref().map_or(String::new(), |robust| format!("; robust: {robust}"));
    format!(
        "{} ({} parameters) on {}: {} training and {} test samples, SGD with momentum {} and rate {} ({}) to a loss of {} on the \
         clean training samples{seeds}{robust}. Measured on the first {} training and {} test samples; λ₁: largest eigenvalue \
         of the Hessian of their mean loss; λ₁ˣ: the same of one sample's loss by its pixels.",
        report.model.name,
        grouped(report.model.parameters),
        report.data.name,
        grouped(report.data.samples),
        grouped(report.test_data.samples),
        options.momentum,
        options.rate,
        options.rate_rule,
        options.target_loss,
        samples(|c| c.train.samples),
        samples(|c| c.test.samples),
    )
}
