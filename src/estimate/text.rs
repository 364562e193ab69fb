//! The estimates for people. Each error is named: probes, quadrature, data.

use super::{DataErrorPart, DensityPart, EstimateParts, MassPart, ScalarPart};
use crate::report::{Align, Table, percent, significant, tiny};
use std::fmt::Write as _;

/// All estimates; empty where there is none.
pub fn estimates_text(parts: &EstimateParts) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail, here and below.
    let mut table = Table::new(&[
        ("", Align::Left),
        ("estimate", Align::Right),
        ("s.e. (probes)", Align::Right),
        ("s.e. (data)", Align::Right),
        ("", Align::Left),
    ]);
    for (name, part) in [("trace", &parts.trace), ("Frobenius norm", &parts.frobenius_norm)] {
        if let Some(part) = part {
            table.row(scalar(name, part));
        }
    }
    if let Some(d) = &parts.diagonal {
        let end = if d.converged { String::new() } else { format!(", NOT converged ({})", d.reason) };
        table.row([
            "‖diagonal‖".to_string(),
            significant(d.norm, 5),
            significant(d.standard_error, 2),
            String::new(),
            match d.backward_passes {
                0 => format!("{}, {} probes, {} products, in {}{end}", d.method, d.samples, d.products, d.file),
                n => format!("{}, {n} backward passes of single samples, in {}{end}", d.method, d.file),
            },
        ]);
    }
    if !table.is_empty() {
        let _ = writeln!(text, "{table}");
    }
    if let Some(density) = &parts.density {
        text.push_str(&density_text(density));
    }
    if let Some(error) = &parts.data_error {
        let _ = writeln!(text, "{}", data_text(error));
    }
    text
}

fn scalar(name: &str, part: &ScalarPart) -> [String; 5] {
    let known = match part.known_pairs {
        0 => String::new(),
        k => format!(", {k} known eigenpairs left out"),
    };
    let end = match part.converged {
        true => String::new(),
        false => format!(", NOT within {} ({})", percent(part.wanted_relative_error), part.reason),
    };
    let interval = format!("± {} at {}", percent(part.relative_error), percent(part.confidence));
    let how = match part.backward_passes {
        0 => format!("{interval}: {}, {} samples, {} products{known}{end}", part.method, part.samples, part.products),
        n => format!("{}, {n} backward passes of single samples", part.method),
    };
    [
        name.to_string(),
        significant(part.estimate, 5),
        significant(part.standard_error, 2),
        part.data_standard_error.map_or_else(String::new, |v| significant(v, 2)),
        how,
    ]
}

fn density_text(part: &DensityPart) -> String {
    let mut text = String::new();
    let DensityPart { method, steps, probes, products, .. } = part;
    let _ = writeln!(text, "density: {method}, {steps} steps × {probes} probes, {products} products ({})", part.reason);
    let threshold = significant(part.masses.threshold, 3);
    let mut table = Table::new(&[
        ("eigenvalues", Align::Left),
        ("share", Align::Right),
        ("s.e. (probes)", Align::Right),
        ("by quadrature", Align::Right),
        ("band", Align::Right),
    ]);
    let masses = &part.masses;
    for (name, mass) in [
        (format!("below −{threshold}"), &masses.below),
        (format!("within ±{threshold}"), &masses.around),
        (format!("above {threshold}"), &masses.above),
    ] {
        table.row(mass_row(name, mass));
    }
    let _ = write!(text, "{table}");
    let values: Vec<String> = part.sticks.iter().rev().map(|s| significant(s.value, 4)).collect();
    if !values.is_empty() {
        let mass = part.sticks.first().map_or(0.0, |s| s.mass);
        let _ = writeln!(text, "{} exact sticks of mass {}: {}", values.len(), tiny(mass), values.join(", "));
    }
    if let Some(curve) = &part.linear {
        let lost = percent(curve.lost_mass.abs());
        let (from, to) = (curve.values.first().copied().unwrap_or(0.0), curve.values.last().copied().unwrap_or(0.0));
        let (from, to) = (significant(from, 3), significant(to, 3));
        let width = significant(curve.kernel_width, 2);
        let _ = writeln!(text, "the rest on {from} … {to}, kernel width {width}, mass off the grid {lost}");
    }
    let trace = significant(part.trace, 5);
    let _ =
        writeln!(text, "trace as the density has it: {trace}, s.e. (probes) {}\n", error(part.trace_standard_error));
    text
}

fn mass_row(name: String, mass: &MassPart) -> [String; 5] {
    let range = |r: [f64; 2]| format!("{} … {}", percent(r[0]), percent(r[1]));
    let standard_error = if mass.standard_error.is_nan() { "–".to_string() } else { percent(mass.standard_error) };
    [name, percent(mass.mass), standard_error, range(mass.quadrature), range(mass.band)]
}

fn error(value: f64) -> String {
    if value.is_nan() { "–".to_string() } else { significant(value, 2) }
}

fn data_text(part: &DataErrorPart) -> Table {
    let title = format!("{} over {} groups of samples", part.method, part.groups);
    let mut table =
        Table::new(&[(title.as_str(), Align::Left), ("value", Align::Right), ("s.e. (data)", Align::Right)]);
    for figure in &part.figures {
        let name = match (figure.quantity, figure.index) {
            ("gradient_norm", _) => "gradient norm".to_string(),
            ("trace", _) => "trace (16 probes)".to_string(),
            (name, Some(index)) => format!("{name} {}", index + 1),
            (name, None) => name.to_string(),
        };
        table.row([name, significant(figure.value, 6), error(figure.standard_error)]);
    }
    table
}
