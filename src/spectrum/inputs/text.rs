//! Input Hessians for people.

use super::report::SEMI_DEFINITE;
use super::{Distribution, InputSpectrumReport};
use crate::report::{Align, Table, grouped, percent, seconds, significant, tiny};
use std::fmt::Write as _;

/// The result of `hesse spectrum --wrt inputs`.
pub fn input_spectrum_text(report: &InputSpectrumReport) -> String {
    let InputSpectrumReport { model, data, manifest, backend, .. } = report;
    let name = if model.options.is_empty() { model.name.clone() } else { format!("{}:{}", model.name, model.options) };
    let mut text = format!("{name}, {} parameters, weights: {}\n", grouped(model.parameters), manifest.weights);
    let [first, last] = data.range;
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "{} {}, samples {first}..{last} of {}; {} of each sample; normalize {}; {} {} {}",
        data.name,
        data.split,
        grouped(data.available),
        manifest.loss,
        manifest.normalize.as_deref().unwrap_or("none"),
        backend.name,
        backend.device,
        backend.dtype,
    );
    let how = if report.method == "logits" {
        format!("all {} eigenvalues that may differ from zero, by the closed form", report.classes.saturating_sub(1))
    } else {
        "the ends of each spectrum, by Lanczos".to_string()
    };
    let kind = if report.piecewise_linear { "piecewise linear" } else { "smooth" };
    let _ = writeln!(
        text,
        "Hessians {0} × {0} with respect to pixels in [0, 1]; the network is {kind}; {how}\n",
        report.dimension
    );
    let mut facts = Table::new(&[("", Align::Left), ("", Align::Left)]);
    let reached = report.samples.len();
    facts.row(["mean loss".to_string(), significant(report.loss, 7)]);
    facts.row([
        "accuracy".to_string(),
        format!("{} ({} of {})", percent(report.accuracy), grouped(report.correct), grouped(reached)),
    ]);
    facts.row(["norm of all gradients".to_string(), significant(report.gradient_norm, 6)]);
    facts.row([
        "largest eigenvalue".to_string(),
        format!("{} (sample {})", significant(report.largest, 6), report.largest_index),
    ]);
    let _ = writeln!(text, "{facts}");
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        ("per sample", Align::Left),
        right("mean"),
        right("s.e."),
        right("min"),
        right("5 %"),
        right("25 %"),
        right("median"),
        right("75 %"),
        right("95 %"),
        right("max"),
    ]);
    let summary = &report.summary;
    for (name, values) in [
        ("λ₁", &summary.largest),
        ("λ_min / λ₁", &summary.lowest_share),
        ("trace", &summary.trace),
        ("gradient norm", &summary.gradient_norm),
        ("rank", &summary.rank),
    ] {
        if let Some(d) = values {
            table.row(std::iter::once(name.to_string()).chain(row(d)));
        }
    }
    let _ = writeln!(text, "{table}");
    if summary.lowest_share.is_some() {
        let _ = match summary.indefinite {
            0 => writeln!(
                text,
                "positive semi-definite at all {} samples: no λ_min below −{SEMI_DEFINITE:.0e} λ₁",
                grouped(reached)
            ),
            n => writeln!(
                text,
                "indefinite at {} of {} samples: λ_min below −{SEMI_DEFINITE:.0e} λ₁",
                grouped(n),
                grouped(reached)
            ),
        };
    }
    let unconverged = report.samples.iter().filter(|s| !s.converged).count();
    let state = match unconverged {
        0 => "all converged".to_string(),
        n => format!("{} of {} samples NOT converged", grouped(n), grouped(reached)),
    };
    let _ = writeln!(
        text,
        "{} products in {}; worst residual {}: {state}",
        grouped(report.products),
        seconds(report.seconds),
        tiny(summary.worst_residual)
    );
    text
}

fn row(d: &Distribution) -> [String; 9] {
    let error = d.standard_error.map_or(String::new(), tiny);
    let [mean, min, q05, q25, median, q75, q95, max] =
        [d.mean, d.min, d.q05, d.q25, d.median, d.q75, d.q95, d.max].map(|v| significant(v, 4));
    [mean, error, min, q05, q25, median, q75, q95, max]
}
