//! The book: what its pages tell a reader to type is typed, and must work.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    pages
}

/// The lines that begin with `$ ` in blocks marked `console`.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let block: Vec<&str> = if line.starts_with("```") && line != "```" {
            lines.by_ref().take_while(|l| *l != "```").collect()
        } else {
            continue;
        };
        if line == "```console" {
            found.extend(block.iter().filter_map(|l| l.strip_prefix("$ ")).map(str::to_string));
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn every_command_of_every_page_works_in_an_empty_folder() {
    let hesse = Path::new(env!("CARGO_BIN_EXE_hesse")).parent().unwrap();
    let path = format!("{}:{}", hesse.display(), std::env::var("PATH").unwrap());
    let mut ran = 0;
    for page in pages() {
        // Its commands build crates; it has a test of its own beside the plugins.
        if page.ends_with("plugins.md") {
            continue;
        }
        let place = tempfile::tempdir().unwrap();
        for command in commands(&fs::read_to_string(&page).unwrap()) {
            let output = Command::new("sh")
                .args(["-e", "-c", &command])
                .current_dir(place.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert!(
                output.status.success(),
                "{}: {command}\n{}{}",
                page.display(),
                text(&output.stdout),
                text(&output.stderr)
            );
            ran += 1;
        }
    }
    assert!(ran >= 8, "only {ran} commands were found");
}

#[test]
fn every_page_is_in_the_summary_and_every_entry_is_a_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let summary = fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
    for page in pages() {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("]({name})")), "{name}");
    }
    for entry in summary.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
        assert!(folder.join(entry.0).is_file(), "{}", entry.0);
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(t, _)| t) {
            if !target.starts_with("http") && !target.starts_with('#') {
                let file = target.split('#').next().unwrap();
                assert!(page.parent().unwrap().join(file).exists(), "{}: {target}", page.display());
            }
        }
    }
}
