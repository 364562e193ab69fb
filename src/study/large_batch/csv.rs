//! One line for each training, with every number in full.

use super::report::LargeBatchReport;
use std::fmt::Write as _;

/// The quantities by their names, then every eigenvalue with its residual.
pub(super) fn csv(report: &LargeBatchReport) -> String {
    let quantities = super::quantity::all(&report.options.epsilons);
    let top = report.options.top;
    let mut text = "batch_size,variant,seed,rate,target_reached".to_string();
    // Writing to a String cannot fail, here and below.
    quantities.iter().for_each(|q| {
        let _ = write!(text, ",{}", q.name);
    });
    (1..=top).for_each(|i| {
        let _ = write!(text, ",lambda{i}_train,residual{i}_train");
    });
    text.push_str(",lambda1_test,residual1_test\n");
    for c in &report.cells {
        let _ = write!(text, "{},{},{},{},{}", c.batch_size, c.variant, c.seed, c.rate, c.target_reached);
        for q in &quantities {
            let _ = write!(text, ",{}", (q.value)(c).map_or(String::new(), |v| v.to_string()));
        }
        for pair in (0..top).map(|i| c.train.largest.get(i)).chain([c.test.largest.first()]) {
            match pair {
                Some(pair) => {
                    let _ = write!(text, ",{},{}", pair.value, pair.residual);
                }
                None => text.push_str(",,"),
            }
        }
        text.push('\n');
    }
    text
}
