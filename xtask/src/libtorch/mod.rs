//! `cargo xtask libtorch`: brings libtorch into `target/libtorch`, where `.cargo/config.toml` points the build.
//!
//! The wheels of the Python package registry hold what is needed, so no download page is: PyTorch itself, and two small
//! libraries of CUDA that `libtorch_cpu.so` of that wheel is linked with even where there is no GPU. pip fetches them,
//! because it knows proxies, mirrors and certificates; what it brings is compared with the SHA-256 written here.
//! Everything is made in a folder beside and renamed at the end, so an interrupted run leaves nothing that looks whole.

mod fetch;
mod unpack;
mod wheel;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use wheel::WHEELS;

/// The file that says what the folder holds; torch-sys reads it too and compares versions.
const STAMP: &str = "build-version";
/// What torch-sys expects there.
const VERSION: &str = "2.11.0";
/// `ld` reads it as a script: torch-sys asks for `-ltorch`, which holds no code of its own.
const LINKER_SCRIPT: (&str, &str) = ("lib/libtorch.so", "INPUT(libtorch_cpu.so)\n");

/// Where libtorch is put.
pub fn folder() -> PathBuf {
    root().join("target/libtorch")
}

/// The workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Brings libtorch unless it is there.
///
/// # Errors
/// In one line, with what would help.
pub fn bring() -> Result<(), String> {
    let to = folder();
    if is_whole(&to) {
        println!("libtorch {VERSION} is in {}", to.display());
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!(
            "the wheels are for Linux on x86-64; set LIBTORCH to the folder of a libtorch {VERSION}, or \
             LIBTORCH_USE_PYTORCH=1 where Python has PyTorch {VERSION}"
        ));
    }
    let target = to.parent().unwrap_or(&to);
    fs::create_dir_all(target).map_err(at(target))?;
    // One folder a process: two runs at once do not meet.
    let work = Work(target.join(format!("libtorch.{}.tmp", std::process::id())));
    let (wheels, whole) = (work.0.join("wheels"), work.0.join("libtorch"));
    fs::create_dir_all(&wheels).map_err(at(&wheels))?;
    for wheel in WHEELS {
        println!("{} {}", wheel.package, wheel.version);
        let file = fetch::fetch(wheel, &wheels)?;
        unpack::unpack(wheel, &file, &whole)?;
        // Half a gigabyte that is not needed any more.
        fs::remove_file(&file).map_err(at(&file))?;
    }
    for (name, text) in [LINKER_SCRIPT, (STAMP, VERSION)] {
        let path = whole.join(name);
        fs::write(&path, text).map_err(at(&path))?;
    }
    if to.exists() {
        fs::remove_dir_all(&to).map_err(at(&to))?;
    }
    fs::rename(&whole, &to).map_err(at(&to))?;
    println!("libtorch {VERSION} is in {}", to.display());
    Ok(())
}

/// Whether the folder holds everything: the stamp is written last, but files may have been deleted since.
fn is_whole(folder: &Path) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|v| v.trim() == VERSION)
        && folder.join("include/ATen/Tensor.h").is_file()
        && WHEELS.iter().flat_map(|w| w.libraries).all(|l| folder.join("lib").join(wheel::base(l)).is_file())
        && folder.join(LINKER_SCRIPT.0).is_file()
}

/// An input or output error with its place.
fn at<E: Display>(path: &Path) -> impl Fn(E) -> String {
    move |cause| format!("{}: {cause}", path.display())
}

/// The folder of an unfinished run; gone when the run is over, however it ended.
struct Work(PathBuf);

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be removed is a leftover in `target`, nothing worse.
        let _ = fs::remove_dir_all(&self.0);
    }
}
