//! A part of a study, for one of several machines, and putting the parts together.
//!
//! Cells do not depend on each other, so a part is every N-th of them. A part's folder says what it is a part of; merging
//! collects the cells' folders, after which the study itself finds everything done.

use super::plan;
use super::{LargeBatchOptions, cell};
use crate::report::write_json;
use crate::study::{Event, StudyError, Watch};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "hesse.study.shard/1";

/// Part `part` of `of`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which.
    pub part: usize,
    /// Of so many.
    pub of: usize,
}

impl Shard {
    /// Whether it has a cell, by its place in the order of the study.
    pub fn has(self, cell: usize) -> bool {
        cell % self.of.max(1) == self.part - 1
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = text.split_once('/').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match found {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Shard { part, of }),
            _ => Err(format!("expected I/N with I from 1 to N, such as 1/4, found `{}`", text.escape_debug())),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// A finished part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    /// `hesse.study.shard/1`.
    pub schema: String,
    /// Which part.
    pub shard: Shard,
    /// Folders of its cells.
    pub cells: Vec<PathBuf>,
    /// Of so many in all.
    pub of: usize,
    /// The command line, as given.
    pub command: Vec<String>,
}

/// Runs a part of the study, or what is not done of it. There is no report before the parts are [merged](merge_shards).
///
/// # Errors
/// As [`large_batch`](super::large_batch).
pub fn large_batch_shard(
    options: &LargeBatchOptions,
    shard: Shard,
    watch: &mut Watch<'_>,
) -> Result<ShardReport, StudyError> {
    plan::check(options)?;
    let options = &plan::within_the_data(options)?;
    let all = plan::cells(options);
    let own: Vec<plan::CellSpec> =
        all.iter().enumerate().filter(|(i, _)| shard.has(*i)).map(|(_, spec)| *spec).collect();
    for (i, &spec) in own.iter().enumerate() {
        let name = spec.name(options);
        (watch.observe)(Event::Cell { name: &name, number: i + 1, of: own.len() });
        cell::run(options, spec, watch)?;
    }
    let name = |spec: &plan::CellSpec| spec.folder(options).file_name().map(PathBuf::from);
    let report = ShardReport {
        schema: SCHEMA.to_string(),
        shard,
        cells: own.iter().filter_map(name).collect(),
        of: all.len(),
        command: options.command.clone(),
    };
    let io = |source| StudyError::Io { operation: "making the folder", path: options.out.clone(), source };
    fs::create_dir_all(&options.out).map_err(io)?;
    write_json(&options.out.join(format!("shard-{}-of-{}.json", shard.part, shard.of)), &report)?;
    Ok(report)
}

/// What lies in the folder of a part.
fn read(folder: &Path) -> Result<Vec<ShardReport>, StudyError> {
    let failed = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| StudyError::Io { operation, path, source }
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed("reading", folder))? {
        let path = entry.map_err(failed("reading", folder))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !(name.starts_with("shard-") && name.ends_with(".json")) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(failed("reading", &path))?;
        let refuse = |found: String| StudyError::Option {
            what: "part of a study",
            expected: format!("{} of schema {SCHEMA}", path.display()),
            found,
        };
        let report: ShardReport = serde_json::from_str(&text).map_err(|cause| refuse(cause.to_string()))?;
        if report.schema != SCHEMA {
            return Err(refuse(report.schema.escape_debug().to_string()));
        }
        // A stored name becomes a folder: nothing but a plain one.
        let plain = |p: &PathBuf| {
            p.components().count() == 1 && p.file_name().is_some() && p.to_string_lossy().starts_with("cell-")
        };
        if let Some(odd) = report.cells.iter().find(|p| !plain(p)) {
            return Err(refuse(format!("a cell named `{}`", odd.display())));
        }
        found.push(report);
    }
    Ok(found)
}

/// Copies the cells of all parts into one folder, and returns the parts, in order.
///
/// # Errors
/// Where a folder holds no part, a part is missing or there are parts of different studies, and where the system refuses.
pub fn merge_shards(from: &[PathBuf], out: &Path) -> Result<Vec<ShardReport>, StudyError> {
    let refuse = |expected: String, found: String| StudyError::Option { what: "parts of a study", expected, found };
    let mut parts: Vec<(PathBuf, ShardReport)> = Vec::new();
    for folder in from {
        let found = read(folder)?;
        if found.is_empty() {
            return Err(refuse(
                "folders that `hesse study large-batch --shard I/N` finished".into(),
                folder.display().to_string(),
            ));
        }
        parts.extend(found.into_iter().map(|part| (folder.clone(), part)));
    }
    parts.sort_by_key(|(_, part)| part.shard.part);
    let Some((_, first)) = parts.first() else { return Err(refuse("at least one".into(), "none".into())) };
    let (of, cells) = (first.shard.of, first.of);
    if let Some((folder, other)) = parts.iter().find(|(_, p)| p.shard.of != of || p.of != cells) {
        let found = format!("part {} of a study of {} cells in {}", other.shard, other.of, folder.display());
        return Err(refuse(format!("parts of {of} of a study of {cells} cells"), found));
    }
    let missing: Vec<String> =
        (1..=of).filter(|n| !parts.iter().any(|(_, p)| p.shard.part == *n)).map(|n| format!("{n}/{of}")).collect();
    if !missing.is_empty() {
        return Err(refuse(format!("all {of}"), format!("{} missing", missing.join(", "))));
    }
    for (folder, part) in &parts {
        for cell in &part.cells {
            copy(&folder.join(cell), &out.join(cell))?;
        }
    }
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// Copies a folder, whole or not at all; one that is there already stays.
fn copy(from: &Path, to: &Path) -> Result<(), StudyError> {
    if to.exists() {
        return Ok(());
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StudyError::Io { operation: "copying", path, source }
    };
    let begun = to.with_extension("part");
    if begun.exists() {
        fs::remove_dir_all(&begun).map_err(failed(&begun))?;
    }
    fs::create_dir_all(&begun).map_err(failed(&begun))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, begun.join(name)).map_err(failed(&path))?;
        }
    }
    fs::rename(&begun, to).map_err(failed(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_as_it_is_read_and_lies_within_the_whole() {
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, of: 3 }));
        assert_eq!(Shard { part: 2, of: 3 }.to_string(), "2/3");
        for text in ["", "0/3", "4/3", "1", "1/0", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("I/N"), "{text}");
        }
    }
}
