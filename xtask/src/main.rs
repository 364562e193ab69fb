//! Development commands: `cargo xtask test` runs everything that must hold before a change lands.
//!
//! A program rather than a shell script, so that it runs wherever Cargo runs and needs nothing else.
#![forbid(unsafe_code)]

mod layout;

use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
cargo xtask test     format, clippy, documentation, then every test: unit, property, conformance, doc, integration
cargo xtask bench    the criterion benches on this machine
cargo xtask layout   the plugin tests with other structure layouts on each side of the boundary (nightly toolchain)
";

/// One command of a task, with what it is for.
struct Step {
    title: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const TEST: &[Step] = &[
    Step { title: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        title: "clippy",
        arguments: &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        environment: &[],
    },
    Step {
        title: "documentation",
        arguments: &["doc", "--workspace", "--no-deps", "--quiet"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    // Without --quiet, so that the runner's own summaries are seen.
    Step { title: "tests", arguments: &["test", "--workspace", "--no-fail-fast"], environment: &[] },
];

const BENCH: &[Step] = &[Step { title: "benches", arguments: &["bench", "--package", "hesse"], environment: &[] }];

fn main() -> ExitCode {
    let steps = match std::env::args().nth(1).as_deref() {
        Some("test") => TEST,
        Some("bench") => BENCH,
        Some("layout") => return layout::run(),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("xtask: no command '{other}'\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let mut failed = Vec::new();
    for step in steps {
        let started = Instant::now();
        println!("== {}: cargo {}", step.title, step.arguments.join(" "));
        let status = Command::new(env!("CARGO")).args(step.arguments).envs(step.environment.iter().copied()).status();
        let good = match status {
            Ok(s) => s.success(),
            Err(e) => {
                eprintln!("xtask: cannot start cargo: {e}");
                false
            }
        };
        println!("== {}: {} after {} s", step.title, if good { "good" } else { "FAILED" }, started.elapsed().as_secs());
        if !good {
            failed.push(step.title);
        }
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        eprintln!("xtask: failed: {}", failed.join(", "));
        ExitCode::FAILURE
    }
}
