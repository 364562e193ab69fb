//! Results for people, made from the same structures as the JSON.

use super::{CheckReport, LayerPart, Pair, SpectrumReport};
use crate::estimate::estimates_text;
use crate::report::{
    Align, BackendPart, DataPart, Manifest, ModelPart, Table, grouped, percent, seconds, significant, tiny,
};
use hesse_core::eigen::StopReason;
use std::fmt::Write as _;

/// The result of `hesse spectrum`.
pub fn spectrum_text(report: &SpectrumReport) -> String {
    let mut text = problem_heading(&report.model, &report.data, &report.backend, &report.manifest, report.dimension);
    let mut facts = point(report.loss, report.accuracy, report.correct, &report.data, report.gradient_norm);
    if let Some(test) = &report.self_test {
        let (floor, symmetry) = (tiny(test.noise_floor), tiny(test.symmetry));
        facts.row(["noise floor".to_string(), format!("{floor} (self-test: symmetry {symmetry})")]);
    }
    if report.matrix != "hessian" || report.block_diagonal {
        let part = if report.block_diagonal { ", block-diagonal by layers" } else { "" };
        facts.row(["matrix".to_string(), format!("{}{part}", report.matrix)]);
    }
    let _ = writeln!(text, "{facts}"); // writing to a String cannot fail, here and below
    for (title, pairs) in [("largest", &report.largest), ("smallest", &report.smallest)] {
        if !pairs.is_empty() {
            let _ = writeln!(text, "{}", eigenvalues(title, pairs));
        }
    }
    if let Some(layers) = &report.layers {
        let _ = writeln!(text, "{}", layer_table(layers));
    }
    text.push_str(&estimates_text(&report.estimates));
    let SpectrumReport { products, solver, largest, smallest, .. } = report;
    if largest.is_empty() && smallest.is_empty() && *products == 0 {
        return text;
    }
    // The report's own verdict is on the estimates too.
    let found = largest.iter().chain(smallest).all(|pair| pair.converged)
        && (report.converged || solver.reason == StopReason::Converged.to_string());
    let _ = writeln!(
        text,
        "{products} products in {} ({} each), {} restarts: {}",
        seconds(report.seconds),
        seconds(report.seconds_per_product),
        solver.restarts,
        if found { "all converged".to_string() } else { format!("NOT all converged ({})", solver.reason) },
    );
    if let Some(probe) = &report.completeness {
        let found = match (probe.missed, probe.confirmed) {
            (0, true) => "nothing was missed".to_string(),
            (n, true) => format!("{n} missed eigenvalues were found"),
            (n, false) => format!("{n} missed eigenvalues were found; NOT confirmed to be all"),
        };
        let _ = writeln!(text, "completeness: {found} ({} of the products)", probe.products);
    }
    text
}

/// The result of `hesse check`.
pub fn check_text(report: &CheckReport) -> String {
    let mut text = problem_heading(&report.model, &report.data, &report.backend, &report.manifest, report.dimension);
    let mut facts = point(report.loss, report.accuracy, report.correct, &report.data, report.gradient_norm);
    facts.row(["vᵀHv for v ∝ sin(1), sin(2), …".to_string(), significant(report.sin_probe.vHv, 10)]);
    facts.row(["‖Hv‖ of the same".to_string(), significant(report.sin_probe.norm_Hv, 10)]);
    facts.row(["noise floor".to_string(), tiny(report.self_test.noise_floor)]);
    let _ = writeln!(text, "{facts}");
    let mut table =
        Table::new(&[("check", Align::Left), ("error", Align::Right), ("", Align::Left), ("", Align::Left)]);
    for (name, value, passes) in &report.figures {
        let meaning = match *name {
            "symmetry" => "⟨u, Hv⟩ = ⟨Hu, v⟩".to_string(),
            "linearity" => "H(2u − 3v) = 2Hu − 3Hv".to_string(),
            "repeatability" => "the same product twice".to_string(),
            _ => match report.self_test.finite_difference_order {
                Some(order) => format!("(∇L(θ + εv) − ∇L(θ − εv)) / 2ε = Hv; error falls as ε^{order:.1}"),
                None => "(∇L(θ + εv) − ∇L(θ − εv)) / 2ε = Hv".to_string(),
            },
        };
        table.row([name.to_string(), tiny(*value), if *passes { "ok" } else { "FAILED" }.to_string(), meaning]);
    }
    let _ = writeln!(text, "{table}");
    let verdict = if report.passed { "passed" } else { "FAILED" };
    let _ = writeln!(text, "self-test {verdict} in {}", seconds(report.seconds));
    text
}

/// What was measured: network, weights, samples, machine.
pub(crate) fn problem_heading(
    model: &ModelPart,
    data: &DataPart,
    backend: &BackendPart,
    manifest: &Manifest,
    dimension: usize,
) -> String {
    let name = if model.options.is_empty() { model.name.clone() } else { format!("{}:{}", model.name, model.options) };
    let mut text = format!("{name}, {} parameters", grouped(model.parameters));
    if let Some(params) = &manifest.params {
        let _ = write!(text, ", {} of them in `{params}`", grouped(dimension));
    }
    let [first, last] = data.range;
    let _ = writeln!(text, ", weights: {}", manifest.weights);
    let _ = writeln!(
        text,
        "{} {}, samples {first}..{last} of {}; {}; normalize {}; batch norm in {} mode",
        data.name,
        data.split,
        grouped(data.available),
        manifest.loss,
        manifest.normalize.as_deref().unwrap_or("none"),
        manifest.batch_norm,
    );
    let BackendPart { name, device, dtype, .. } = backend;
    let _ =
        writeln!(text, "{name} {device} {dtype}, {} threads, batches of {}\n", manifest.threads, manifest.batch_size);
    text
}

fn point(loss: f64, accuracy: f64, correct: usize, data: &DataPart, gradient_norm: f64) -> Table {
    let mut facts = Table::new(&[("", Align::Left), ("", Align::Left)]);
    facts.row(["loss".to_string(), significant(loss, 7)]);
    facts.row([
        "accuracy".to_string(),
        format!("{} ({} of {})", percent(accuracy), grouped(correct), grouped(data.samples)),
    ]);
    facts.row(["gradient norm".to_string(), significant(gradient_norm, 7)]);
    facts
}

fn layer_table(layers: &[LayerPart]) -> Table {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("parameters", Align::Right),
        ("λ₁ of its block", Align::Right),
        ("residual", Align::Right),
        ("", Align::Left),
        ("trace", Align::Right),
        ("±", Align::Right),
        ("share", Align::Right),
    ]);
    for layer in layers {
        let (value, residual, mark) = match &layer.largest {
            None => (String::new(), String::new(), "not found"),
            Some(pair) => {
                let mark = if pair.converged { "" } else { "NOT converged" };
                (significant(pair.value, 6), tiny(pair.residual), mark)
            }
        };
        table.row([
            layer.name.clone(),
            grouped(layer.parameters),
            value,
            residual,
            mark.to_string(),
            significant(layer.trace.estimate, 4),
            significant(layer.trace.standard_error, 2),
            percent(layer.share),
        ]);
    }
    table
}

fn eigenvalues(title: &str, pairs: &[Pair]) -> Table {
    let mut table = Table::new(&[
        (title, Align::Right),
        ("eigenvalue", Align::Right),
        ("residual", Align::Right),
        ("", Align::Left),
    ]);
    for (i, pair) in pairs.iter().enumerate() {
        let mark = if pair.converged { "converged" } else { "NOT converged" };
        table.row([(i + 1).to_string(), significant(pair.value, 7), tiny(pair.residual), mark.to_string()]);
    }
    table
}
