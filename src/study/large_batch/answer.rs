//! The answer in one sentence, with numbers, and what does not come out as in the paper.

use super::cell::Variant;
use super::group::Group;
use super::quantity::Expected;
use super::report::LargeBatchReport;
use super::trend::{CLEAR, strongest};
use crate::report::{grouped, percent, signed, significant};
use std::fmt::Write as _;

/// What a rank correlation says.
fn verdict(rho: f64) -> &'static str {
    match rho {
        r if r >= CLEAR => "rises with the batch size",
        r if r <= -CLEAR => "falls with the batch size",
        _ => "shows no clear trend with the batch size",
    }
}

/// The two ends of a quantity: `0.5 at 64 to 44 at 2,048`.
fn span(plain: &[&Group], name: &str, shown: fn(f64) -> String) -> String {
    let (Some(first), Some(last)) = (plain.first(), plain.last()) else { return String::new() };
    let at = |group: &Group| format!("{} at {}", shown(group.mean(name)), grouped(group.batch_size));
    format!("{} to {}", at(first), at(last))
}

fn number(value: f64) -> String {
    significant(value, 3)
}

/// What was found.
pub(super) fn answer(report: &LargeBatchReport) -> String {
    let plain: Vec<&Group> = report.groups.iter().filter(|g| g.variant == Variant::Plain).collect();
    let Some(rho) = report.spearman.train else {
        return "Whether λ₁ rises with the batch size cannot be said: it takes at least two batch sizes.".to_string();
    };
    let trend = |name: &str| report.trends.iter().find(|t| t.quantity == name).and_then(|t| t.plain);
    let seeds = report.options.seeds;
    let of = if seeds > 1 {
        format!("{} sizes, means of {seeds} seeds", plain.len())
    } else {
        format!("{} sizes", plain.len())
    };
    let mut text = format!(
        "λ₁ of the training Hessian {}: {} (Spearman {} over {of})",
        verdict(rho),
        span(&plain, "lambda_train", number),
        signed(rho)
    );
    // Writing to a String cannot fail.
    if let Some(test) = report.spearman.test {
        let _ = write!(text, "; on the test samples {} ({})", span(&plain, "lambda_test", number), signed(test));
    }
    let accuracy = strongest(&report.options.epsilons);
    if let Some((name, rho)) = accuracy.as_ref().and_then(|name| Some((name, trend(name)?))) {
        let _ = write!(
            text,
            "; accuracy under FGSM with ε {} {}: {} ({})",
            report.options.epsilons.last().copied().unwrap_or_default(),
            verdict(rho),
            span(&plain, name, percent),
            signed(rho)
        );
    }
    if let Some(rho) = trend("input_lambda_test") {
        let _ = write!(text, "; λ₁ of the input Hessians {} ({})", verdict(rho), signed(rho));
        if let Some(rho) = predicts(report, "input_lambda_test") {
            let does = if rho.abs() >= CLEAR { "goes" } else { "does not go" };
            let _ = write!(text, " and {does} with that accuracy ({})", signed(rho));
        }
    }
    if !report.ratios.is_empty() {
        let ratios: Vec<f64> = report.ratios.iter().map(|r| r.train.mean).collect();
        let lower = ratios.iter().filter(|r| **r < 1.0).count();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let _ = write!(
            text,
            "; robust training leaves λ₁ at {} to {} times the plain value, lower at {lower} of {} batch sizes",
            significant(least, 2),
            significant(most, 2),
            ratios.len()
        );
    }
    if !report.targets_reached {
        text.push_str("; not every training reached its loss, so that these networks are not alike in it");
    }
    text.push('.');
    text
}

fn predicts(report: &LargeBatchReport, name: &str) -> Option<f64> {
    report.predictions.iter().find(|p| p.quantity == name)?.spearman
}

/// What the paper says and these networks do not do, each in a sentence; the paper's own words are recalled.
pub(super) fn differences(report: &LargeBatchReport) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for trend in report.trends.iter().filter(|t| t.reproduces() == Some(false)) {
        let paper = match trend.expected {
            Expected::Rises => "rises with the batch size",
            Expected::Falls => "falls with the batch size",
            Expected::NoTrend => "has no trend",
        };
        let rho = trend.plain.unwrap_or(f64::NAN);
        all.push(format!(
            "{}: in the paper it {paper}; here it {} (Spearman {}).",
            trend.title,
            verdict(rho),
            signed(rho)
        ));
    }
    let higher: Vec<String> =
        report.ratios.iter().filter(|r| r.train.mean >= 1.0).map(|r| grouped(r.batch_size)).collect();
    if !higher.is_empty() {
        all.push(format!(
            "Robust training lowers λ₁ in the paper; here it does not at batch size {}.",
            higher.join(", ")
        ));
    }
    if let Some(rho) = predicts(report, "input_lambda_test").filter(|rho| rho.abs() >= CLEAR) {
        all.push(format!(
            "λ₁ of the input Hessians does not predict robustness in the paper; here it goes with the accuracy under attack \
             (Spearman {}), as any two quantities do that both follow the batch size.",
            signed(rho)
        ));
    }
    all
}

/// What to keep in mind.
pub(super) fn remarks(report: &LargeBatchReport) -> Vec<String> {
    let options = &report.options;
    let mut missed: Vec<(Variant, usize)> =
        report.cells.iter().filter(|c| !c.target_reached).map(|c| (c.variant, c.batch_size)).collect();
    missed.sort_unstable();
    missed.dedup();
    let mut remarks = Vec::new();
    if !missed.is_empty() {
        let names: Vec<String> = missed
            .iter()
            .map(|(v, b)| if *v == Variant::Plain { grouped(*b) } else { format!("{} ({v})", grouped(*b)) })
            .collect();
        remarks.push(format!(
            "Batch size {} did not reach the loss {} in {} epochs: compare with care, or allow more epochs.",
            names.join(", "),
            options.target_loss,
            options.epochs
        ));
    }
    if !report.converged {
        remarks.push(format!("Not every eigenvalue is within the tolerance {}; see the residuals.", options.tolerance));
    }
    if options.rate_rule == "constant" && report.groups.len() > 1 {
        remarks.push(
            "With one learning rate for all, the batch size is confounded with the ratio of rate and batch size; --lr-rule \
             linear is the other reading."
                .to_string(),
        );
    }
    remarks.push(
        "A training stops at the end of an epoch, so that a small batch, which takes many steps in one, may end further below \
         the target than a large one: λ₁ falls with the loss by itself."
            .to_string(),
    );
    remarks
}
