//! `hesse data info` and `hesse data fetch`.

use super::ending::Ending;
use super::flags::{DataCommand, FetchFlags, FetchSet, InfoFlags};
use super::{output, progress};
use crate::data::{DataKind, DataSpec, Dataset, FetchOptions, Progress, Split, fetch};
use crate::report::{Align, Table, bytes, grouped};
use indicatif::ProgressBar;
use serde::Serialize;

pub(super) fn run(command: &DataCommand) -> anyhow::Result<Ending> {
    match command {
        DataCommand::Info(flags) => info(flags),
        DataCommand::Fetch(flags) => download(flags),
    }
}

#[derive(Serialize)]
struct SplitPart {
    split: String,
    samples: usize,
    shape: [usize; 3],
    classes: usize,
    per_class: Vec<usize>,
    sha256: String,
    notices: Vec<String>,
}

#[derive(Serialize)]
struct Info {
    schema: &'static str,
    data: String,
    class_names: Vec<String>,
    splits: Vec<SplitPart>,
}

fn info(flags: &InfoFlags) -> anyhow::Result<Ending> {
    let destination = flags.output.prepare()?;
    let wanted = flags.split.map_or_else(|| vec![Split::Train, Split::Test], |split| vec![split]);
    let mut splits = Vec::new();
    let mut class_names = Vec::new();
    for split in wanted {
        let all = flags.data.load(split)?;
        let data = match &flags.samples {
            Some(range) => all.select(range)?,
            None => all,
        };
        splits.push(describe(&data));
        class_names = data.class_names;
    }
    let notices: Vec<String> = splits.iter().flat_map(|s| s.notices.clone()).collect();
    output::notes(&notices);
    let result = Info { schema: "hesse.data/1", data: flags.data.to_string(), class_names, splits };
    if !destination.as_ref().is_some_and(|d| d.is_output()) {
        output::print(&text(&result))?;
    }
    if let Some(destination) = destination {
        destination.finish(&result)?;
    }
    Ok(Ending::Done)
}

fn describe(data: &Dataset) -> SplitPart {
    let mut per_class = vec![0; data.classes];
    for label in &data.labels {
        if let Some(count) = per_class.get_mut(*label as usize) {
            *count += 1;
        }
    }
    SplitPart {
        split: data.split.to_string(),
        samples: data.len(),
        shape: data.sample_shape(),
        classes: data.classes,
        per_class,
        sha256: data.hash(),
        notices: data.notices.clone(),
    }
}

fn text(info: &Info) -> String {
    let columns = [
        ("split", Align::Left),
        ("samples", Align::Right),
        ("shape", Align::Left),
        ("classes", Align::Right),
        ("samples per class", Align::Left),
        ("sha256", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for part in &info.splits {
        let [planes, rows, columns] = part.shape;
        let (fewest, most) = (part.per_class.iter().min(), part.per_class.iter().max());
        let spread = match (fewest, most) {
            (Some(a), Some(b)) if a == b => grouped(*a),
            (Some(a), Some(b)) => format!("{} to {}", grouped(*a), grouped(*b)),
            _ => String::new(),
        };
        table.row([
            part.split.clone(),
            grouped(part.samples),
            format!("{planes}×{rows}×{columns}"),
            part.classes.to_string(),
            spread,
            part.sha256.clone(),
        ]);
    }
    let mut text = format!("{}\n\n{table}", info.data);
    if !info.class_names.is_empty() {
        text.push_str(&format!("\nclasses: {}\n", info.class_names.join(", ")));
    }
    text
}

fn download(flags: &FetchFlags) -> anyhow::Result<Ending> {
    let kind = match flags.set {
        FetchSet::Mnist => DataKind::Mnist,
        FetchSet::Cifar10 => DataKind::Cifar10,
        FetchSet::Cifar100 => DataKind::Cifar100,
    };
    let spec = DataSpec { kind, dir: flags.dir.clone() };
    let folder = spec.folder();
    let bar = ProgressBar::new(0);
    bar.set_style(progress::style("{msg}  {wide_bar} {bytes}/{total_bytes}, {eta} left"));
    let options = FetchOptions { base: flags.mirror.clone() };
    let fetched = fetch(kind, &folder, &options, &mut |event| show(&bar, event));
    bar.finish_and_clear();
    let report = fetched?;
    let came = bytes(usize::try_from(report.bytes).unwrap_or(usize::MAX));
    let mut text = format!("{kind}: {} files in {}, {came} downloaded\n", report.files.len(), folder.display());
    text.push_str(&format!("use it with --data {}:{}\n", kind, folder.display()));
    output::print(&text)?;
    Ok(Ending::Done)
}

fn show(bar: &ProgressBar, event: Progress<'_>) {
    match event {
        Progress::Started { file, kept, total, .. } => {
            bar.set_message(file.to_string());
            bar.set_length(total.unwrap_or(0));
            bar.set_position(kept);
        }
        Progress::Received { bytes, total, .. } => {
            bar.set_length(total.unwrap_or(bytes));
            bar.set_position(bytes);
        }
        Progress::Retrying { file, reason } => output::note(&format!("{file}: {reason}; trying again")),
        Progress::Unpacking { file } => bar.set_message(format!("unpacking {file}")),
        _ => {}
    }
}
