//! The answer in one sentence, at the largest batch, where it matters most.

use super::super::cell::Variant;
use super::super::trend::strongest;
use super::LargeBatchMethodReport;
use crate::report::{grouped, percent, significant};
use std::fmt::Write as _;

/// Differences below this share of the samples, or below the spread over the seeds, are none.
const SLIGHT: f64 = 0.005;

/// Which method does best with the largest batch, and what it costs in curvature.
pub(super) fn answer(report: &LargeBatchMethodReport) -> String {
    let (Some(&smallest), Some(&largest)) = (report.options.batch_sizes.first(), report.options.batch_sizes.last())
    else {
        return "Nothing can be said without batches.".to_string();
    };
    let accuracy = |batch, method| {
        report.group(batch, method).and_then(|g| g.values.get("test_accuracy")).map(|s| (s.mean, s.spread))
    };
    let methods = [Variant::Plain, Variant::Scaled, Variant::Robust];
    let said = methods.map(|method| {
        let found = accuracy(largest, method).map_or("diverged".to_string(), |(mean, _)| percent(mean));
        format!("{} {found}", title(method))
    });
    let mut text = format!("At batch size {} test accuracy is: {}", grouped(largest), said.join(", "));
    // Writing to a String cannot fail.
    if let Some((reference, _)) = accuracy(smallest, Variant::Plain) {
        let _ = write!(text, " (plain with batch size {}: {})", grouped(smallest), percent(reference));
    }
    let others = [Variant::Plain, Variant::Scaled].map(|m| accuracy(largest, m));
    let best = others.into_iter().flatten().max_by(|a, b| a.0.total_cmp(&b.0));
    match (accuracy(largest, Variant::Robust), best) {
        (Some(robust), Some(best)) => {
            let slight = [robust.1, best.1].into_iter().flatten().fold(SLIGHT, f64::max);
            text.push_str(match robust.0 - best.0 {
                d if d > slight => "; robust training does better than both others, as in the paper",
                d if d < -slight => {
                    "; robust training does not do better than the better of the others, unlike in the paper"
                }
                _ => "; robust training and the better of the others do alike",
            });
        }
        (Some(_), None) => text.push_str("; robust training alone did not diverge"),
        (None, _) => text.push_str("; robust training diverged"),
    }
    for (name, what, shown) in quantities(report) {
        let value = |method| {
            let value = report.group(largest, method).and_then(|g| g.values.get(&name)).map(|s| s.mean);
            value.map_or("–".to_string(), shown)
        };
        let _ = write!(text, "; {what} {}", methods.map(value).join(", "));
    }
    text.push('.');
    text
}

type Shown = fn(f64) -> String;

/// What is told besides, in the order of the methods.
fn quantities(report: &LargeBatchMethodReport) -> Vec<(String, String, Shown)> {
    let lambda = ("lambda_train".to_string(), "λ₁ there".to_string(), (|v| significant(v, 3)) as Shown);
    let attacked = strongest(&report.options.epsilons).map(|name| {
        let epsilon = report.options.epsilons.last().copied().unwrap_or_default();
        (name, format!("accuracy under FGSM with ε {epsilon}"), percent as Shown)
    });
    std::iter::once(lambda).chain(attacked).collect()
}

/// A method as people call it.
pub(super) fn title(method: Variant) -> &'static str {
    match method {
        Variant::Plain => "plain",
        Variant::Scaled => "scaled rate",
        Variant::Robust => "robust",
    }
}
