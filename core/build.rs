//! Tells the compiler, target and profile of this build, for people who wonder where a plugin came from.
use std::process::Command;

fn main() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let rustc = if variable("RUSTC").is_empty() { "rustc".to_string() } else { variable("RUSTC") };
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_string()).unwrap_or_default();
    println!("cargo:rustc-env=HESSE_BUILT_WITH={version}, {}, {}", variable("TARGET"), variable("PROFILE"));
    println!("cargo:rerun-if-changed=build.rs");
}
