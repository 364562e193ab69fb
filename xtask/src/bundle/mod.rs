//! `cargo xtask gpu-bundle [FOLDER]`: a folder that judges and times the CUDA backends on a machine with an NVIDIA driver
//! and PyTorch 2.11 for CUDA 13, and no Rust.
//!
//! It holds the program with Candle's CUDA kernels, the library of the tch backend, the conformance suite as a program, and a
//! script that runs them with the libraries of the installed PyTorch. Those are not carried along: they are gigabytes, and
//! whoever has the device has them.

use crate::wheels::{at, root};
use crate::{cuda, libtorch};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

/// What it may weigh, in bytes.
const MOST: u64 = 60_000_000;
/// The script.
const RUN: &str = include_str!("run.sh");

/// Builds everything and fills the folder.
///
/// # Errors
/// In one line, with what failed.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let to = match arguments {
        [] => root().join("target/gpu-bundle"),
        [folder] => PathBuf::from(folder),
        _ => return Err(format!("expected one folder or none, found {}", arguments.join(" "))),
    };
    cuda::bring()?;
    libtorch::bring(libtorch::Parts::Cpu)?;
    let release = ["build", "--release", "--package"];
    let program = cuda::target().join("release/hesse");
    build(cuda::cargo().args(release).args(["hesse", "--bin", "hesse", "--features", "cuda"]))?;
    let suite = suite()?;
    let mut cargo = Command::new(env!("CARGO"));
    build(cargo.args(release).arg("hesse-tch"))?;
    let library = target().join("release/libhesse_tch.so");

    if to.exists() {
        fs::remove_dir_all(&to).map_err(at(&to))?;
    }
    fs::create_dir_all(to.join("stub")).map_err(at(&to))?;
    strip(&library, &to.join("libhesse_tch.so"))?;
    for (file, name) in [(&program, "hesse"), (&suite, "conformance")] {
        strip(file, &to.join(name))?;
        compress(&to.join(name))?;
    }
    let stub = cuda::folder().join("lib/stubs/libcuda.so.1");
    fs::copy(&stub, to.join("stub/libcuda.so.1")).map_err(at(&stub))?;
    let script = to.join("run");
    fs::write(&script, RUN).map_err(at(&script))?;
    executable(&script)?;
    let size = size(&to)?;
    println!(
        "{} ({:.1} MB): copy it to the machine with the device and start ./run there",
        to.display(),
        size as f64 / 1e6
    );
    if size > MOST {
        return Err(format!("expected at most {} MB, found {:.1}", MOST / 1_000_000, size as f64 / 1e6));
    }
    Ok(())
}

/// Where Cargo builds without the toolkit.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn build(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

/// The conformance suite: a test, built and not run.
fn suite() -> Result<PathBuf, String> {
    let mut cargo = cuda::cargo();
    cargo.args(["test", "--release", "--package", "hesse", "--test", "conformance", "--features", "cuda", "--no-run"]);
    let built = cargo.arg("--message-format=json").stderr(Stdio::inherit()).output();
    let built = built.map_err(|e| format!("cannot start cargo: {e}"))?;
    if !built.status.success() {
        return Err(format!("{cargo:?}: {}", built.status));
    }
    let text = String::from_utf8_lossy(&built.stdout);
    executable_of(&text).ok_or_else(|| "cargo names no program of the test".to_string())
}

/// The program that Cargo's messages name for the suite. Its messages are one object a line with keys in no order that
/// matters here.
fn executable_of(messages: &str) -> Option<PathBuf> {
    let line = messages.lines().find(|l| l.contains("\"name\":\"conformance\"") && l.contains("\"executable\":\""))?;
    let (_, rest) = line.split_once("\"executable\":\"")?;
    rest.split('"').next().map(PathBuf::from)
}

/// A copy without symbols.
fn strip(file: &Path, to: &Path) -> Result<(), String> {
    let status = Command::new("strip").arg("--strip-unneeded").arg("-o").args([to, file]).status();
    let status = status.map_err(|e| format!("strip: {e}; install binutils"))?;
    if status.success() { Ok(()) } else { Err(format!("strip {}: {status}", file.display())) }
}

/// Candle links kernels for quantised weights that nothing here calls, 37 MB in each program; they compress to a quarter, and
/// the script unpacks them.
fn compress(file: &Path) -> Result<(), String> {
    let mut name = file.as_os_str().to_os_string();
    name.push(".gz");
    let packed = PathBuf::from(name);
    let mut from = fs::File::open(file).map_err(at(file))?;
    let to = fs::File::create(&packed).map_err(at(&packed))?;
    let mut encoder = GzEncoder::new(to, Compression::best());
    io::copy(&mut from, &mut encoder).map_err(at(&packed))?;
    encoder.finish().map_err(at(&packed))?;
    fs::remove_file(file).map_err(at(file))
}

fn executable(file: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).map_err(at(file))?;
    }
    Ok(())
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> Result<u64, String> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let known = entry.metadata().map_err(at(&entry.path()))?;
        bytes += if known.is_dir() { size(&entry.path())? } else { known.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_the_suite_is_found_in_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],\"name\":\"hesse\"},\"executable\":null}\n\
             {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"test\"],\"name\":\"conformance\"},\
             \"executable\":\"/t/release/deps/conformance-1\"}\n{\"reason\":\"build-finished\"}\n";
        assert_eq!(executable_of(messages), Some(PathBuf::from("/t/release/deps/conformance-1")));
        assert_eq!(executable_of("{\"target\":{\"name\":\"conformance\"},\"executable\":null}"), None);
    }

    #[test]
    #[cfg(unix)]
    fn the_script_is_one_that_the_shell_understands() {
        let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(shell.stdin.as_mut().unwrap(), RUN.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
    }
}
