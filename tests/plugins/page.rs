//! The page "Write a plugin in ten minutes": its files are written and its commands run, one after the other.

use crate::built::profile_folder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

enum Step {
    File { path: String, text: String },
    Command(String),
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut file: Option<String> = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix("<!-- file: ").and_then(|l| l.strip_suffix(" -->")) {
            file = Some(path.to_string());
        }
        let Some(language) = line.strip_prefix("```").filter(|l| !l.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        match (language, file.take()) {
            ("rust", Some(path)) => steps.push(Step::File { path, text: block.join("\n") + "\n" }),
            ("console", _) => {
                steps.extend(block.iter().filter_map(|l| l.strip_prefix("$ ")).map(|c| Step::Command(c.to_string())));
            }
            _ => {}
        }
    }
    steps
}

#[cfg(unix)]
#[test]
fn every_command_and_all_code_of_the_page_work() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/plugins.md")).unwrap();
    let place = tempfile::tempdir().unwrap();
    // Compiled crates are kept between runs of this test: only the plugins themselves are new.
    let kept = profile_folder().join("plugin-page");
    let path = std::env::var("PATH").unwrap();
    let hesse = Path::new(env!("CARGO_BIN_EXE_hesse")).parent().unwrap();
    let mut folder = place.path().to_path_buf();
    let mut ran = 0;
    for step in steps(&page) {
        match step {
            Step::File { path, text } => fs::write(place.path().join(path), text).unwrap(),
            Step::Command(command) => {
                if let Some(target) = command.strip_prefix("cd ") {
                    folder = folder.join(target).canonicalize().unwrap();
                    let target = folder.join("target");
                    if folder != place.path().canonicalize().unwrap() && !target.exists() {
                        fs::create_dir_all(&kept).unwrap();
                        std::os::unix::fs::symlink(&kept, target).unwrap();
                    }
                    continue;
                }
                run(&command, &folder, &format!("{}:{path}", hesse.display()));
                ran += 1;
            }
        }
    }
    assert!(ran > 10, "only {ran} commands were found");
}

fn run(command: &str, folder: &PathBuf, path: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", command]).current_dir(folder).env("PATH", path);
    // What `cargo test` sets for this test is not what a person's shell has.
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_MANIFEST_DIR", "RUST_BACKTRACE"] {
        shell.env_remove(variable);
    }
    let output = shell.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command}\n{}{}", text(&output.stdout), text(&output.stderr));
    if command.starts_with("hesse plugin check") {
        assert!(text(&output.stdout).contains("all hold"), "{}", text(&output.stdout));
    }
}
