//! `cargo xtask layout`: the plugin tests with another layout of Rust's structures on each side of the boundary.
//!
//! Rust may lay a structure out as it likes unless it says `repr(C)`. Ordinarily host and plugin come from one compiler, which
//! chooses alike, so that a forgotten `repr(C)` goes unseen. Here the libraries are built with one seed of
//! `-Zrandomize-layout` and the tests that load them with another. Needs the nightly toolchain, so it is no part of `test`.

use std::path::Path;
use std::process::{Command, ExitCode};

/// Little optimisation: two builds of everything, for tests whose speed does not matter.
const QUICK: [&str; 2] = ["profile.dev.package.\"*\".opt-level=1", "profile.dev.package.hesse-candle.opt-level=1"];

/// Cargo of the nightly toolchain in a target folder of its own, with this layout.
fn cargo(seed: u32, target: &Path, subcommand: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", subcommand]).args(QUICK.iter().flat_map(|setting| ["--config", setting]));
    command.env("RUSTFLAGS", format!("-Zrandomize-layout -Zlayout-seed={seed}"));
    command.env("CARGO_TARGET_DIR", target);
    // What the outer Cargo set names the stable toolchain.
    for variable in ["RUSTC", "RUSTDOC", "CARGO", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}

fn succeeds(command: &mut Command) -> bool {
    println!("== {command:?}");
    command.status().map(|s| s.success()).unwrap_or_else(|error| {
        eprintln!("xtask: cannot start cargo: {error}");
        false
    })
}

/// Builds both sides and runs the tests.
pub fn run() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (plugins, host) = (root.join("target/layout-plugins"), root.join("target/layout-host"));
    let built = succeeds(cargo(1, &plugins, "build").args(["--workspace", "--exclude", "hesse-tch", "--examples"]));
    // The tests that build crates of their own would build them with the stable toolchain: nothing new is seen there.
    let skipped = ["--skip", "packaged::", "--skip", "page::"];
    let tested = built
        && succeeds(
            cargo(2, &host, "test")
                .args(["--package", "hesse", "--test", "plugins", "--"])
                .args(skipped)
                .env("HESSE_TEST_LIBRARIES", plugins.join("debug/examples")),
        );
    if tested { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
