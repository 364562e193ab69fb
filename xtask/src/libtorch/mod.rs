//! `cargo xtask libtorch [--cuda]`: brings libtorch into `target/libtorch`, where `.cargo/config.toml` points the build.
//!
//! The wheels of the Python package registry hold what is needed, so no download page is: PyTorch itself, and two small
//! libraries of CUDA that `libtorch_cpu.so` of that wheel is linked with even where there is no GPU. `--cuda` adds the
//! libraries that a GPU needs; all lie in one folder, which is where they look for each other. The backend is built
//! against the CPU parts in either case and opens the others when a CUDA device is asked for.

mod list;

use crate::wheels::{self, Wheel, at, base, megabytes, root};
use list::{CPU, CUDA, OF_TORCH};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that says what the folder holds; torch-sys reads it too and compares versions.
const STAMP: &str = "build-version";
/// What torch-sys expects there.
const VERSION: &str = "2.11.0";
/// `ld` reads it as a script: torch-sys asks for `-ltorch`, which holds no code of its own.
const LINKER_SCRIPT: (&str, &str) = ("lib/libtorch.so", "INPUT(libtorch_cpu.so)\n");

/// How much of libtorch is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// What the CPU needs.
    Cpu,
    /// That, and what a GPU needs.
    Cuda,
}

/// Where libtorch is put.
pub fn folder() -> PathBuf {
    root().join("target/libtorch")
}

/// The wheels of some parts.
fn wheels(parts: Parts) -> Vec<Wheel> {
    let same = |w: &Wheel| Wheel { libraries: w.libraries, ..*w };
    let mut wheels: Vec<Wheel> = CPU.iter().map(same).collect();
    if parts == Parts::Cuda {
        wheels.extend(CUDA.iter().map(same));
    }
    wheels
}

/// The shared libraries of some parts, as they are called within their wheels.
fn libraries(parts: Parts) -> impl Iterator<Item = &'static str> {
    let more = if parts == Parts::Cuda { OF_TORCH } else { &[] };
    wheels(parts).into_iter().flat_map(|w| w.libraries).chain(more).copied()
}

/// Brings libtorch unless it is there.
///
/// # Errors
/// In one line, with what would help.
pub fn bring(parts: Parts) -> Result<(), String> {
    let to = folder();
    let with = if parts == Parts::Cuda { " with its CUDA libraries" } else { "" };
    if is_whole(&to, parts) {
        println!("libtorch {VERSION}{with} is in {}", to.display());
        return Ok(());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!(
            "the wheels are for Linux on x86-64; set LIBTORCH to the folder of a libtorch {VERSION}, or \
             LIBTORCH_USE_PYTORCH=1 where Python has PyTorch {VERSION}"
        ));
    }
    let mut wheels = wheels(parts);
    println!("{} MB, once", megabytes(&wheels));
    if let Some(torch) = wheels.first_mut().filter(|_| parts == Parts::Cuda) {
        // One list for the process: its length is that of the run.
        torch.libraries = [torch.libraries, OF_TORCH].concat().leak();
    }
    wheels::bring(&wheels, &to, |whole| {
        for (name, text) in [LINKER_SCRIPT, (STAMP, VERSION)] {
            let path = whole.join(name);
            fs::write(&path, text).map_err(at(&path))?;
        }
        Ok(())
    })?;
    println!("libtorch {VERSION}{with} is in {}", to.display());
    Ok(())
}

/// Whether the folder holds everything: the stamp is written last, but files may have been deleted since.
fn is_whole(folder: &Path, parts: Parts) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|v| v.trim() == VERSION)
        && folder.join("include/ATen/Tensor.h").is_file()
        && libraries(parts).all(|l| folder.join("lib").join(base(l)).is_file())
        && folder.join(LINKER_SCRIPT.0).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_for_the_cpu_is_not_whole_for_cuda() {
        let folder = std::env::temp_dir().join(format!("hesse-xtask-libtorch-{}", std::process::id()));
        for part in ["lib", "include/ATen"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join(STAMP), VERSION).unwrap();
        fs::write(folder.join("include/ATen/Tensor.h"), "").unwrap();
        fs::write(folder.join(LINKER_SCRIPT.0), LINKER_SCRIPT.1).unwrap();
        assert!(!is_whole(&folder, Parts::Cpu));
        libraries(Parts::Cpu).for_each(|l| fs::write(folder.join("lib").join(base(l)), "").unwrap());
        assert!(is_whole(&folder, Parts::Cpu) && !is_whole(&folder, Parts::Cuda));
        libraries(Parts::Cuda).for_each(|l| fs::write(folder.join("lib").join(base(l)), "").unwrap());
        assert!(is_whole(&folder, Parts::Cpu) && is_whole(&folder, Parts::Cuda));
        fs::remove_file(folder.join("lib/libcudnn_ops.so.9")).unwrap();
        assert!(!is_whole(&folder, Parts::Cuda));
        fs::remove_dir_all(&folder).unwrap();
    }
}
