//! Development commands: `cargo xtask test` runs everything that must hold before a change lands.
//!
//! A program rather than a shell script, so that it runs wherever Cargo runs and needs nothing else.
#![forbid(unsafe_code)]

mod bundle;
mod cuda;
mod layout;
mod libtorch;
mod wheels;

use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
cargo xtask test     format, clippy, documentation, then every test: unit, property, conformance, doc, integration
cargo xtask bench    the criterion benches on this machine
cargo xtask layout   the plugin tests with other structure layouts on each side of the boundary (nightly toolchain)
cargo xtask libtorch brings libtorch (545 MB, once) into target/libtorch, for the tch backend: `cargo build --release -p hesse-tch`;
                     with --cuda also what a GPU needs (2.5 GB)
cargo xtask cuda     brings the CUDA toolkit (680 MB, once) into target/cuda and prints the environment in which the Candle
                     backend's `cuda` feature builds; `cargo xtask cuda build --release --features cuda` builds it
cargo xtask gpu-bundle [FOLDER]
                     a folder (target/gpu-bundle) whose script judges and times both CUDA backends on a machine that has an
                     NVIDIA driver and PyTorch 2.11 and no Rust
";

/// The package that needs libtorch.
const NEEDS_LIBTORCH: &str = "hesse-tch";

/// One command of a task, with what it is for.
struct Step {
    title: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

impl Step {
    /// The arguments, without the package that needs libtorch where that is missing.
    fn arguments(&self, with_libtorch: bool) -> Vec<&'static str> {
        let mut arguments = Vec::new();
        for &argument in self.arguments {
            arguments.push(argument);
            if argument == "--workspace" && !with_libtorch {
                arguments.extend(["--exclude", NEEDS_LIBTORCH]);
            }
        }
        arguments
    }
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

/// The end of a task.
fn ended(task: &str, result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("xtask: {task}: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let steps = match std::env::args().nth(1).as_deref() {
        Some("test") => TEST,
        Some("bench") => BENCH,
        Some("layout") => return layout::run(),
        Some("libtorch") => {
            return match &arguments[..] {
                [] => ended("libtorch", libtorch::bring(libtorch::Parts::Cpu)),
                [flag] if flag == "--cuda" => ended("libtorch", libtorch::bring(libtorch::Parts::Cuda)),
                other => {
                    eprintln!("xtask: libtorch: expected --cuda or nothing, found {}", other.join(" "));
                    ExitCode::from(2)
                }
            };
        }
        Some("cuda") => return ended("cuda", cuda::run(&arguments)),
        Some("gpu-bundle") => return ended("gpu-bundle", bundle::run(&arguments)),
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
    let mut with_libtorch = true;
    if steps.iter().any(|s| s.arguments.contains(&"--workspace")) && std::env::var_os("LIBTORCH_USE_PYTORCH").is_none()
    {
        println!("== libtorch");
        if let Err(cause) = libtorch::bring(libtorch::Parts::Cpu) {
            // Everything else can still be tested; the task fails all the same.
            eprintln!("xtask: libtorch: {cause}");
            failed.push("libtorch");
            with_libtorch = false;
        }
    }
    for step in steps {
        let started = Instant::now();
        let arguments = step.arguments(with_libtorch);
        println!("== {}: cargo {}", step.title, arguments.join(" "));
        let status = Command::new(env!("CARGO")).args(arguments).envs(step.environment.iter().copied()).status();
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
