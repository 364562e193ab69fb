//! `hesse models`, `hesse backends`, `hesse solvers`, `hesse estimators`, `hesse attacks`: what is available, from the registry alone.

use super::ending::Ending;
use super::flags::ListingFlags;
use super::output;
use crate::plugin::{SEPARATE, Separate};
use crate::report::{Align, Table, grouped};
use hesse_core::graph::Mode;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::options::{OptionSpec, Options};
use hesse_core::registry::{self, DensityEntry, DiagonalEntry, Entry, ModelEntry, TraceEntry};
use serde::Serialize;
use std::fmt::Write as _;

/// The inputs at which sizes are given: those of MNIST and of CIFAR-10.
const USUAL: [(&str, [usize; 3]); 2] = [("1x28x28", [1, 28, 28]), ("3x32x32", [3, 32, 32])];

#[derive(Serialize)]
struct OptionPart {
    name: &'static str,
    kind: String,
    default: &'static str,
    help: &'static str,
}

#[derive(Serialize)]
struct SizePart {
    input: &'static str,
    classes: usize,
    parameters: usize,
}

#[derive(Serialize)]
struct ModelPart {
    name: &'static str,
    summary: &'static str,
    license: &'static str,
    sizes: Vec<SizePart>,
    options: Vec<OptionPart>,
}

#[derive(Serialize)]
struct Models {
    schema: &'static str,
    models: Vec<ModelPart>,
}

/// Lists the architectures.
pub(super) fn models(flags: &ListingFlags) -> anyhow::Result<Ending> {
    let entries = registry::models();
    let models: Vec<ModelPart> = entries
        .iter()
        .map(|e| ModelPart {
            name: e.name,
            summary: e.summary,
            license: e.license,
            sizes: sizes(e),
            options: parts(e.options),
        })
        .collect();
    let mut table = Table::new(&[
        ("model", Align::Left),
        ("parameters at 1×28×28", Align::Right),
        ("at 3×32×32", Align::Right),
        ("", Align::Left),
    ]);
    for model in &models {
        let size = |input: &str| {
            let found = model.sizes.iter().find(|s| s.input == input);
            found.map_or_else(|| "–".to_string(), |s| grouped(s.parameters))
        };
        table.row([model.name.to_string(), size("1x28x28"), size("3x32x32"), model.summary.to_string()]);
    }
    let mut text = format!("{table}\nSizes are with 10 classes; `–`: does not take such samples.\n");
    let named = entries.iter().map(|e| (e.name, e.options));
    text.push_str(&describe_options("--model", named));
    finish(flags, &text, &Models { schema: "hesse.models/1", models })
}

fn sizes(entry: &ModelEntry) -> Vec<SizePart> {
    let size = |(input, shape): (&'static str, [usize; 3])| {
        let task = Task { input: shape.to_vec(), classes: 10 };
        let model = (entry.make)(&Options::default(), &task).ok()?;
        let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).ok()?;
        Some(SizePart { input, classes: task.classes, parameters: graph.parameter_count() })
    };
    USUAL.into_iter().filter_map(size).collect()
}

#[derive(Serialize)]
struct SolverPart {
    name: &'static str,
    summary: &'static str,
    license: &'static str,
    options: Vec<OptionPart>,
}

#[derive(Serialize)]
struct Solvers {
    schema: &'static str,
    solvers: Vec<SolverPart>,
}

/// Lists the eigensolvers.
pub(super) fn solvers(flags: &ListingFlags) -> anyhow::Result<Ending> {
    let entries = registry::solvers();
    let part = |e: &registry::Listed<registry::SolverEntry>| SolverPart {
        name: e.name,
        summary: e.summary,
        license: e.license,
        options: parts(e.options),
    };
    let solvers = entries.iter().map(part).collect();
    let mut table = Table::new(&[("solver", Align::Left), ("", Align::Left)]);
    entries.iter().for_each(|e| table.row([e.name, e.summary]));
    let options = describe_options("--solver", entries.iter().map(|e| (e.name, e.options)));
    finish(flags, &format!("{table}{options}"), &Solvers { schema: "hesse.solvers/1", solvers })
}

#[derive(Serialize)]
struct EstimatorPart {
    quantity: &'static str,
    name: &'static str,
    summary: &'static str,
    license: &'static str,
    options: Vec<OptionPart>,
}

#[derive(Serialize)]
struct Estimators {
    schema: &'static str,
    estimators: Vec<EstimatorPart>,
}

/// Lists the estimators.
pub(super) fn estimators(flags: &ListingFlags) -> anyhow::Result<Ending> {
    fn of<E: Entry>(quantity: &'static str) -> Vec<EstimatorPart> {
        let part = |e: registry::Listed<E>| EstimatorPart {
            quantity,
            name: e.name(),
            summary: e.summary(),
            license: e.license(),
            options: parts(e.options()),
        };
        registry::all::<E>().into_iter().map(part).collect()
    }
    let mut estimators = of::<TraceEntry>("trace");
    estimators.extend(of::<DiagonalEntry>("diagonal"));
    estimators.extend(of::<DensityEntry>("density"));
    let mut table = Table::new(&[("quantity", Align::Left), ("estimator", Align::Left), ("", Align::Left)]);
    estimators.iter().for_each(|e| table.row([e.quantity, e.name, e.summary]));
    let mut text = table.to_string();
    text.push_str(
        "\nBesides: `exact`, without probes, for traces and diagonals of ReLU networks and of Gauss-Newton matrices\n",
    );
    let named = |e: registry::Listed<TraceEntry>| (e.name, e.options);
    text.push_str(&describe_options("--trace-method", registry::all().into_iter().map(named)));
    let named = |e: registry::Listed<DiagonalEntry>| (e.name, e.options);
    text.push_str(&describe_options("--diagonal-method", registry::all().into_iter().map(named)));
    let named = |e: registry::Listed<DensityEntry>| (e.name, e.options);
    text.push_str(&describe_options("--density-method", registry::all().into_iter().map(named)));
    finish(flags, &text, &Estimators { schema: "hesse.estimators/1", estimators })
}

#[derive(Serialize)]
struct AttackPart {
    name: &'static str,
    summary: &'static str,
    license: &'static str,
    options: Vec<OptionPart>,
}

#[derive(Serialize)]
struct Attacks {
    schema: &'static str,
    attacks: Vec<AttackPart>,
}

/// Lists the attacks.
pub(super) fn attacks(flags: &ListingFlags) -> anyhow::Result<Ending> {
    let entries = registry::attacks();
    let part = |e: &registry::Listed<registry::AttackEntry>| AttackPart {
        name: e.name,
        summary: e.summary,
        license: e.license,
        options: parts(e.options),
    };
    let attacks = entries.iter().map(part).collect();
    let mut table = Table::new(&[("attack", Align::Left), ("", Align::Left)]);
    entries.iter().for_each(|e| table.row([e.name, e.summary]));
    let options = describe_options("--attack", entries.iter().map(|e| (e.name, e.options)));
    finish(flags, &format!("{table}{options}"), &Attacks { schema: "hesse.attacks/1", attacks })
}

#[derive(Serialize)]
struct BackendPart {
    name: &'static str,
    summary: &'static str,
    devices: Vec<String>,
    /// `built in`, or the library's path; none where the library cannot be had.
    from: Option<String>,
    /// What would help, where the library cannot be had.
    mend: Option<String>,
}

#[derive(Serialize)]
struct Backends {
    schema: &'static str,
    backends: Vec<BackendPart>,
}

/// Lists the backends with the devices they find.
pub(super) fn backends(flags: &ListingFlags) -> anyhow::Result<Ending> {
    let part = |e: registry::Listed<registry::BackendEntry>| BackendPart {
        name: e.name,
        summary: e.summary,
        devices: (e.devices)(),
        from: Some(e.place()),
        mend: None,
    };
    // Listing opens the libraries of backends: only they know their devices.
    let absent = |s: &'static Separate| {
        let mend = s.bring().err()?.to_string();
        Some(BackendPart { name: s.name, summary: s.summary, devices: Vec::new(), from: None, mend: Some(mend) })
    };
    let absent: Vec<BackendPart> = SEPARATE.iter().filter(|s| !s.is_registered()).filter_map(absent).collect();
    let backends: Vec<BackendPart> = registry::backends().into_iter().map(part).chain(absent).collect();
    let columns = [("backend", Align::Left), ("devices", Align::Left), ("from", Align::Left), ("", Align::Left)];
    let mut table = Table::new(&columns);
    for backend in &backends {
        let devices = backend.devices.join(", ");
        let devices = if devices.is_empty() { "none here" } else { &devices };
        table.row([backend.name, devices, backend.from.as_deref().unwrap_or("–"), backend.summary]);
    }
    let mut text = table.to_string();
    for mend in backends.iter().filter_map(|b| b.mend.as_ref()) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{mend}");
    }
    finish(flags, &text, &Backends { schema: "hesse.backends/1", backends })
}

fn parts(specs: &'static [OptionSpec]) -> Vec<OptionPart> {
    specs
        .iter()
        .map(|s| OptionPart { name: s.name, kind: s.kind.to_string(), default: s.default, help: s.help })
        .collect()
}

/// Options with their defaults, once for all entries that share them.
fn describe_options(flag: &str, entries: impl Iterator<Item = (&'static str, &'static [OptionSpec])>) -> String {
    let mut groups: Vec<(Vec<&str>, &[OptionSpec])> = Vec::new();
    for (name, options) in entries.filter(|(_, options)| !options.is_empty()) {
        match groups.iter_mut().find(|(_, known)| *known == options) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], options)),
        }
    }
    let mut text = String::new();
    for (names, options) in groups {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\nOptions of {} ({flag} NAME:KEY=VALUE,…):", names.join(", "));
        let mut table =
            Table::new(&[("", Align::Left), ("key", Align::Left), ("default", Align::Left), ("", Align::Left)]);
        options.iter().for_each(|o| table.row(["", o.name, o.default, o.help]));
        let _ = write!(text, "{table}");
    }
    text
}

fn finish<T: Serialize>(flags: &ListingFlags, text: &str, json: &T) -> anyhow::Result<Ending> {
    let destination = flags.output.prepare()?;
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(text)?;
    }
    if let Some(destination) = destination {
        destination.finish(json)?;
    }
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::options::OptionKind;

    #[test]
    fn entries_with_the_same_options_are_described_together() {
        const SHARED: &[OptionSpec] =
            &[OptionSpec { name: "width", kind: OptionKind::Integer(1), default: "8", help: "units" }];
        let text = describe_options("--model", [("a", SHARED), ("b", &[][..]), ("c", SHARED)].into_iter());
        assert_eq!(text, "\nOptions of a, c (--model NAME:KEY=VALUE,…):\n  key    default\n  width  8        units\n");
    }
}
