//! The comparison, for people at a terminal.

use super::answer::title;
use super::{LargeBatchMethodReport, tables};
use crate::report::{grouped, seconds};
use std::fmt::Write as _;

/// The tables, the answer in one sentence, and what to keep in mind.
pub fn large_batch_method_text(report: &LargeBatchMethodReport) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "{}\n", heading(report));
    for table in std::iter::once(tables::main(report)).chain(tables::endings(report)) {
        let _ = writeln!(text, "{}\n{}", table.caption, table.plain());
    }
    let _ = writeln!(text, "{}", report.answer);
    for remark in remarks(report) {
        let _ = writeln!(text, "{remark}");
    }
    let _ = writeln!(text, "{} in all.", seconds(report.seconds));
    text
}

/// Network, data and protocol in one paragraph.
pub(super) fn heading(report: &LargeBatchMethodReport) -> String {
    let o = &report.options;
    let seeds = if o.seeds > 1 { format!(", {} seeds (means ± standard deviations)", o.seeds) } else { String::new() };
    format!(
        "{} ({} parameters) on {}: {} training and {} test samples, SGD with momentum {}, for {} epochs or to a loss of {} on the \
         clean training samples{seeds}. Plain: rate {}; scaled rate: in proportion to the batch size, after {} epochs of warm-up; \
         robust: {}, at the plain rate.",
        report.model.name,
        grouped(report.model.parameters),
        report.data.name,
        grouped(report.data.samples),
        grouped(report.test_data.samples),
        o.momentum,
        o.epochs,
        o.target_loss,
        o.rate,
        o.warmup.unwrap_or_default(),
        o.robust.as_deref().unwrap_or("none"),
    )
}

/// What to keep in mind.
pub(super) fn remarks(report: &LargeBatchMethodReport) -> Vec<String> {
    let o = &report.options;
    let mut all = Vec::new();
    for cell in &report.cells {
        if let Some(how) = &cell.diverged {
            let seed = if o.seeds > 1 { format!(", seed {}", cell.seed) } else { String::new() };
            all.push(format!("Batch size {}, {}{seed}: {how}.", grouped(cell.batch_size), title(cell.method)));
        }
    }
    let mut missed: Vec<(usize, &str)> = report
        .cells
        .iter()
        .filter(|c| c.done.as_ref().is_some_and(|done| !done.target_reached))
        .map(|c| (c.batch_size, title(c.method)))
        .collect();
    missed.sort_unstable();
    missed.dedup();
    if !missed.is_empty() {
        let names: Vec<String> = missed.iter().map(|(b, m)| format!("{} ({m})", grouped(*b))).collect();
        all.push(format!(
            "Not at the loss {} after {} epochs: {}. Their accuracy is that of a training cut short, as it is in any comparison \
             at a fixed number of epochs.",
            o.target_loss,
            o.epochs,
            names.join(", ")
        ));
    }
    if o.batch_sizes.iter().any(|b| *b >= report.data.samples) {
        all.push("A batch of all samples takes one step an epoch: its gradient has no noise.".to_string());
    }
    if !report.converged {
        all.push(format!("Not every eigenvalue is within the tolerance {}; see the residuals.", o.tolerance));
    }
    all.push(
        "An epoch of robust training costs more than a plain one: its examples take another pass forwards and backwards."
            .to_string(),
    );
    all
}
