//! One line for each training, with every number in full.

use super::super::quantity;
use super::LargeBatchMethodReport;
use std::fmt::Write as _;

/// The quantities by their names; empty where a training diverged.
pub(super) fn csv(report: &LargeBatchMethodReport) -> String {
    let quantities = quantity::all(&report.options.epsilons);
    let mut text = "batch_size,method,seed,rate,diverged,target_reached".to_string();
    // Writing to a String cannot fail, here and below.
    quantities.iter().for_each(|q| {
        let _ = write!(text, ",{}", q.name);
    });
    text.push('\n');
    for c in &report.cells {
        let reached = c.done.as_ref().map_or(String::new(), |d| d.target_reached.to_string());
        let diverged = c.diverged.is_some();
        let _ = write!(text, "{},{},{},{},{diverged},{reached}", c.batch_size, c.method, c.seed, c.rate);
        for q in &quantities {
            let value = c.done.as_ref().and_then(|done| (q.value)(done));
            let _ = write!(text, ",{}", value.map_or(String::new(), |v| v.to_string()));
        }
        text.push('\n');
    }
    text
}
