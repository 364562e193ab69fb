//! `hesse plugin list | check | new`.

use super::ending::Ending;
use super::flags::{ListingFlags, PluginCheckFlags, PluginCommand, PluginNewFlags};
use super::output;
use crate::plugin::check::{Verdict, check_library};
use crate::plugin::new::{Core, create, library, usage};
use crate::report::{Align, Table};
use anyhow::bail;
use hesse_core::options::OptionSpec;
use hesse_core::plugin::load;
use hesse_core::registry::{AttackEntry, BackendEntry, Entry, Listed, ModelEntry, SolverEntry, all};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn run(command: &PluginCommand) -> anyhow::Result<Ending> {
    match command {
        PluginCommand::List(flags) => list(flags),
        PluginCommand::Check(flags) => check(flags),
        PluginCommand::New(flags) => new(flags),
    }
}

#[derive(Serialize)]
struct OptionPart {
    name: &'static str,
    kind: String,
    default: &'static str,
    help: &'static str,
}

#[derive(Serialize)]
struct EntryPart {
    kind: &'static str,
    name: &'static str,
    full_name: String,
    summary: &'static str,
    license: &'static str,
    options: Vec<OptionPart>,
    path: Option<String>,
    package: Option<String>,
    version: Option<String>,
    built_with: Option<String>,
}

#[derive(Serialize)]
struct Plugins {
    schema: &'static str,
    entries: Vec<EntryPart>,
}

fn parts<E: Entry>() -> impl Iterator<Item = EntryPart> {
    let option =
        |o: &OptionSpec| OptionPart { name: o.name, kind: o.kind.to_string(), default: o.default, help: o.help };
    all::<E>().into_iter().map(move |entry: Listed<E>| EntryPart {
        kind: E::KIND,
        name: entry.name(),
        full_name: format!("{}/{}", entry.origin(), entry.name()),
        summary: entry.summary(),
        license: entry.license(),
        options: entry.options().iter().map(option).collect(),
        path: entry.library.map(|l| l.path.display().to_string()),
        package: entry.library.map(|l| l.package.clone()),
        version: entry.library.map(|l| l.version.clone()),
        built_with: entry.library.map(|l| l.built_with.clone()),
    })
}

fn list(flags: &ListingFlags) -> anyhow::Result<Ending> {
    let entries: Vec<EntryPart> = parts::<ModelEntry>()
        .chain(parts::<SolverEntry>())
        .chain(parts::<AttackEntry>())
        .chain(parts::<BackendEntry>())
        .collect();
    let columns = [
        ("kind", Align::Left),
        ("name", Align::Left),
        ("from", Align::Left),
        ("licence", Align::Left),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for e in &entries {
        let from = match (&e.package, &e.version) {
            (Some(package), Some(version)) => format!("{package} {version}"),
            _ => "built in".to_string(),
        };
        table.row([e.kind, e.name, &from, e.license, e.summary]);
    }
    let mut text = table.to_string();
    let mut paths: Vec<&String> = entries.iter().filter_map(|e| e.path.as_ref()).collect();
    paths.dedup();
    for path in paths {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "loaded: {path}");
    }
    if let Some(folder) = crate::plugin::user_folder() {
        let _ =
            writeln!(text, "\nSearched besides --plugin: the folders of HESSE_PLUGIN_PATH, and {}", folder.display());
    }
    let destination = flags.output.prepare()?;
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&text)?;
    }
    if let Some(destination) = destination {
        destination.finish(&Plugins { schema: "hesse.plugins/1", entries })?;
    }
    Ok(Ending::Done)
}

#[derive(Serialize)]
struct Checked {
    schema: &'static str,
    path: String,
    package: String,
    version: String,
    built_with: String,
    passes: bool,
    verdicts: Vec<Verdict>,
}

fn check(flags: &PluginCheckFlags) -> anyhow::Result<Ending> {
    let destination = flags.output.prepare()?;
    let quiet = destination.as_ref().is_some_and(|d| d.is_output());
    let library = load::open(&flags.file)?;
    let info = library.library;
    if !quiet {
        output::print(&format!("{} {}, {}\n{}\n", info.package, info.version, info.built_with, info.path.display()))?;
    }
    let mut printed = Ok(());
    let verdicts = check_library(library, &mut |verdict| {
        if !quiet && printed.is_ok() {
            printed = output::print(&describe(verdict));
        }
    });
    printed?;
    let points: usize = verdicts.iter().map(|v| v.points.len()).sum();
    let failed: usize = verdicts.iter().flat_map(|v| &v.points).filter(|p| p.failure.is_some()).count();
    if !quiet {
        let verdict = if failed == 0 { "all hold".to_string() } else { format!("{failed} do NOT hold") };
        output::print(&format!("\n{points} points, {verdict}\n"))?;
    }
    if let Some(destination) = destination {
        destination.finish(&Checked {
            schema: "hesse.plugin-check/1",
            path: info.path.display().to_string(),
            package: info.package.clone(),
            version: info.version.clone(),
            built_with: info.built_with.clone(),
            passes: failed == 0,
            verdicts,
        })?;
    }
    if failed > 0 {
        bail!("{}: {failed} of {points} points do not hold", flags.file.display());
    }
    Ok(Ending::Done)
}

fn describe(verdict: &Verdict) -> String {
    let mut text = format!("\n{} {}\n", verdict.kind, verdict.name);
    for point in &verdict.points {
        let _ = match (&point.failure, &point.note) {
            (None, None) => writeln!(text, "  ok      {}", point.sentence),
            (None, Some(note)) => writeln!(text, "  ok      {}\n          {note}", point.sentence),
            (Some(cause), _) => writeln!(text, "  FAILED  {}\n          {cause}", point.sentence),
        };
    }
    text
}

fn new(flags: &PluginNewFlags) -> anyhow::Result<Ending> {
    let core = flags.core.clone().map_or_else(Core::usual, Core::Path);
    let kind = flags.kind.into();
    create(Path::new(""), &flags.name, kind, &core)?;
    let name = &flags.name;
    output::print(&format!(
        "{name}/ is written. Next:\n\n  cd {name}\n  cargo test\n  cargo build --release\n  hesse plugin check {}\n  {}\n",
        library(name),
        usage(name, kind)
    ))?;
    Ok(Ending::Done)
}
