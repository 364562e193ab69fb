//! `cargo xtask cuda [ARGUMENTS OF CARGO]`: brings the CUDA toolkit into `target/cuda`, and prints the environment in which
//! the `cuda` feature builds, or runs Cargo in it.
//!
//! The wheels have no unversioned links for the linker and no driver library; both are made here. The folder for what is
//! built is another one than usual, because the place of the CUDA libraries is written into the program by a flag of the
//! compiler, and a change of such flags would build everything anew each time.

mod list;
mod stub;

use crate::wheels::{self, at, megabytes, root};
use list::{NEEDED, TOOLKIT};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The device that kernels are compiled for unless CUDA_COMPUTE_CAP says otherwise: H100 and H200. Later ones run them too.
const COMPUTE_CAPABILITY: &str = "90";

/// Where the toolkit is put.
pub fn folder() -> PathBuf {
    root().join("target/cuda")
}

/// Where Cargo builds with it, unless CARGO_TARGET_DIR says otherwise.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target/with-cuda"), PathBuf::from)
}

/// Brings the toolkit unless it is there.
///
/// # Errors
/// In one line, with what would help.
pub fn bring() -> Result<(), String> {
    let to = folder();
    if NEEDED.iter().all(|file| to.join(file).exists()) {
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(
            "the wheels are for Linux on x86-64; elsewhere install the CUDA toolkit and set CUDA_HOME".to_string()
        );
    }
    eprintln!("{} MB, once", megabytes(TOOLKIT));
    wheels::bring(TOOLKIT, &to, |whole| {
        unversioned(&whole.join("lib"))?;
        stub::make(whole)
    })?;
    match NEEDED.iter().find(|file| !to.join(file).exists()) {
        Some(file) => Err(format!("{}: expected {file} in it, found none", to.display())),
        None => Ok(()),
    }
}

/// `libx.so` beside every `libx.so.1`.
fn unversioned(folder: &Path) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let name = entry.map_err(at(folder))?.file_name().to_string_lossy().into_owned();
        if let Some((stem, _)) = name.split_once(".so.") {
            let link_name = folder.join(format!("{stem}.so"));
            if !link_name.exists() {
                link(&name, &link_name)?;
            }
        }
    }
    Ok(())
}

/// A symbolic link to a file of the same folder.
fn link(file: &str, to: &Path) -> Result<(), String> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(file, to).map_err(at(to));
    #[cfg(not(unix))]
    fs::copy(to.with_file_name(file), to).map(drop).map_err(at(to))
}

/// The variables with which the feature builds.
pub fn environment() -> Vec<(&'static str, String)> {
    let folder = folder().display().to_string();
    let given = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let rpath = format!("-Clink-arg=-Wl,-rpath,{folder}/lib");
    vec![
        ("CUDA_HOME", folder.clone()),
        ("CUDA_PATH", folder.clone()),
        ("CUDA_ROOT", folder.clone()),
        ("CUDA_COMPUTE_CAP", given("CUDA_COMPUTE_CAP").unwrap_or_else(|| COMPUTE_CAPABILITY.to_string())),
        // Build scripts ask `nvcc` for its version.
        ("PATH", format!("{folder}/bin:{}", given("PATH").unwrap_or_default())),
        (
            "LIBRARY_PATH",
            [format!("{folder}/lib:{folder}/lib/stubs")]
                .into_iter()
                .chain(given("LIBRARY_PATH"))
                .collect::<Vec<_>>()
                .join(":"),
        ),
        ("RUSTFLAGS", given("RUSTFLAGS").into_iter().chain([rpath]).collect::<Vec<_>>().join(" ")),
        ("CARGO_TARGET_DIR", target().display().to_string()),
    ]
}

/// Cargo in that environment.
pub fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.envs(environment());
    command
}

/// Brings the toolkit, then prints the environment or runs Cargo with `arguments`.
///
/// # Errors
/// As [`bring`], and where Cargo fails.
pub fn run(arguments: &[String]) -> Result<(), String> {
    bring()?;
    if arguments.is_empty() {
        println!("# for a shell: eval \"$(cargo xtask cuda)\"; then `cargo build --release --features cuda`");
        for (name, value) in environment() {
            println!("export {name}='{}'", value.replace('\'', "'\\''"));
        }
        return Ok(());
    }
    let status = cargo().args(arguments).status().map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("cargo {}: {status}", arguments.join(" "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_versioned_library_gets_the_name_that_the_linker_asks_for() {
        let folder = std::env::temp_dir().join(format!("hesse-xtask-cuda-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["libcublas.so.13", "libnvrtc-builtins.so.13.0", "libcudart_static.a", "libnvperf_host.so"] {
            fs::write(folder.join(name), name).unwrap();
        }
        unversioned(&folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join("libcublas.so")).unwrap(), "libcublas.so.13");
        assert_eq!(fs::read_to_string(folder.join("libnvrtc-builtins.so")).unwrap(), "libnvrtc-builtins.so.13.0");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_environment_names_the_toolkit_for_every_build_script_that_looks_for_it() {
        let environment = environment();
        for name in ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"] {
            assert!(environment.iter().any(|(n, v)| *n == name && v.ends_with("target/cuda")), "{name}");
        }
    }
}
