//! The result of `hesse attack` for people, made from the same structure as the JSON.

use super::AttackReport;
use crate::report::{Align, BackendPart, Table, grouped, percent, seconds, significant};
use std::fmt::Write as _;

/// The result as text.
pub fn attack_text(report: &AttackReport) -> String {
    let model = &report.model;
    let name = if model.options.is_empty() { model.name.clone() } else { format!("{}:{}", model.name, model.options) };
    let mut text = format!("{name}, {} parameters, weights: {}\n", grouped(model.parameters), report.manifest.weights);
    let (data, [first, last]) = (&report.data, report.data.range);
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "{} {}, samples {first}..{last} of {}; normalize {}; pixels from 0 to 1",
        data.name,
        data.split,
        grouped(data.available),
        report.manifest.normalize.as_deref().unwrap_or("none"),
    );
    let BackendPart { name, device, dtype, .. } = &report.backend;
    let manifest = &report.manifest;
    let _ =
        writeln!(text, "{name} {device} {dtype}, {} threads, batches of {}\n", manifest.threads, manifest.batch_size);
    let correct = (report.clean_accuracy * report.samples as f64).round() as usize;
    let _ = writeln!(
        text,
        "clean accuracy {} ({} of {}), 95 % interval {}{}\n",
        percent(report.clean_accuracy),
        grouped(correct),
        grouped(report.samples),
        between(report.clean_interval),
        report.targeted.as_ref().map_or_else(String::new, |rule| format!("; targets: {rule}")),
    );
    let mut table = Table::new(&[
        ("attack", Align::Left),
        ("norm", Align::Left),
        ("ε", Align::Right),
        ("robust accuracy", Align::Right),
        ("95 % interval", Align::Right),
        ("fooled", Align::Right),
        ("median norm", Align::Right),
        ("", Align::Left),
    ]);
    for r in &report.results {
        let mut remarks = Vec::new();
        if r.carried > 0 {
            remarks.push(format!("{} of them at a smaller ε only", grouped(r.carried)));
        }
        if let Some(share) = r.target_success {
            remarks.push(format!("{} of targets reached", percent(share)));
        }
        let stages: Vec<String> = r.stages.iter().map(|s| format!("{} {}", s.name, grouped(s.fooled))).collect();
        if !stages.is_empty() {
            remarks.push(stages.join(" + "));
        }
        table.row([
            r.attack.clone(),
            r.norm.clone(),
            significant(r.eps, 4),
            percent(r.robust_accuracy),
            between(r.interval),
            grouped(r.fooled),
            r.median_norm.map_or_else(|| "–".to_string(), |v| significant(v, 4)),
            remarks.join(", "),
        ]);
    }
    if report.cost.len() > 1 {
        for w in &report.worst_case {
            let robust = (w.robust_accuracy * w.samples as f64).round() as usize;
            table.row([
                "worst case per sample".to_string(),
                w.norm.clone(),
                significant(w.eps, 4),
                percent(w.robust_accuracy),
                between(w.interval),
                grouped(correct.saturating_sub(robust)),
            ]);
        }
    }
    let _ = writeln!(text, "{table}");
    for cost in &report.cost {
        let q = &cost.queries;
        let counts = [
            (q.forward, "forward passes"),
            (q.gradient, "gradients"),
            (q.hessian_product, "Hessian products"),
            (q.jacobian_product, "Jacobian products"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", significant(*n as f64 / report.samples.max(1) as f64, 3)))
            .collect();
        let _ = writeln!(text, "{}: {} per sample, {}", cost.attack, counts.join(", "), seconds(cost.seconds));
    }
    text
}

fn between([low, high]: [f64; 2]) -> String {
    format!("{} – {}", percent(low), percent(high))
}
