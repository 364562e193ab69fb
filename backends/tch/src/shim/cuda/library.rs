//! Opening the part of libtorch that computes on CUDA devices.
//!
//! This crate is linked with libtorch's CPU part alone, so that it builds and runs where there is nothing else. The CUDA part
//! announces itself to the CPU part when it is loaded, so it must be opened before anything asks whether there is CUDA, and
//! stay. It needs its symbols to be seen by the libraries that it loads later on (RTLD_GLOBAL); that is PyTorch's own way of
//! loading it, too.

use crate::shim::ffi;
use hesse_core::device::DeviceError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The CUDA part.
const LIBRARY: &str = "libtorch_cuda.so";
/// The CPU part: which one is loaded says where the CUDA part must come from.
const LOADED: &str = "libtorch_cpu.so";
/// What brings it.
const MEND: &str =
    "`cargo xtask libtorch --cuda` brings it, and so does PyTorch 2.11 for CUDA 13 (`pip install torch==2.11.0`)";

/// Opens it, once for the process.
///
/// # Errors
/// Where it is nowhere, or does not load.
pub(crate) fn open() -> Result<(), DeviceError> {
    static OPENED: OnceLock<Result<(), DeviceError>> = OnceLock::new();
    OPENED
        .get_or_init(|| {
            let places = places();
            load(&find(&places)?)
        })
        .clone()
}

/// The file, in the first folder that has it.
fn find(places: &[PathBuf]) -> Result<PathBuf, DeviceError> {
    let found = places.iter().map(|folder| folder.join(LIBRARY)).find(|file| file.is_file());
    found.ok_or_else(|| DeviceError::NoLibrary {
        library: LIBRARY,
        places: places.iter().map(|p| p.display().to_string()).collect(),
        mend: MEND,
    })
}

/// The folders where it may be: with the CPU part that is loaded, in the libtorch of the environment, in an installed PyTorch.
fn places() -> Vec<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut places: Vec<PathBuf> = loaded_from(&maps).into_iter().collect();
    let libtorch = std::env::var_os("LIBTORCH").map(|folder| PathBuf::from(folder).join("lib"));
    for place in libtorch.into_iter().chain(installed()) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The folder of the CPU part in a list of a process's memory maps.
fn loaded_from(maps: &str) -> Option<PathBuf> {
    let file = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    file.filter(|f| f.file_name().is_some_and(|name| name == LOADED)).find_map(|f| f.parent().map(Path::to_path_buf))
}

/// The libraries of the PyTorch of the Python on the path, if it is of the version that this crate was built with.
fn installed() -> Option<PathBuf> {
    const ASK: &str = "import importlib.util, importlib.metadata as m, os\n\
                       s = importlib.util.find_spec('torch')\n\
                       print(m.version('torch')); print(os.path.join(os.path.dirname(s.origin), 'lib'))";
    let python = Command::new("python3").args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(python.stdout).ok().filter(|_| python.status.success())?;
    let mut lines = text.lines();
    let version = lines.next()?.split('+').next()?.to_string();
    // tch's own word for it.
    (version == "2.11.0").then(|| lines.next().map(PathBuf::from)).flatten()
}

/// Loads it for good.
fn load(file: &Path) -> Result<(), DeviceError> {
    // SAFETY: sets an environment variable of C before the library that reads it is there.
    unsafe { ffi::hesse_cuda_prepare() };
    let failed = |cause: String| DeviceError::Library { file: file.display().to_string(), cause, mend: MEND };
    #[cfg(unix)]
    {
        use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
        // SAFETY: the file is libtorch's; its initialisers announce its kernels to the CPU part, which is loaded.
        let library =
            unsafe { Library::open(Some(file), RTLD_NOW | RTLD_GLOBAL) }.map_err(|e| failed(super::loader(&e)))?;
        // What it has announced points into it.
        std::mem::forget(library);
        Ok(())
    }
    #[cfg(not(unix))]
    Err(failed("only Linux is supported".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_libtorch_without_cuda_is_an_error_with_what_brings_it() {
        let places = [PathBuf::from("/nowhere/lib"), PathBuf::from("/neither")];
        let error = find(&places).unwrap_err().to_string();
        assert!(
            error.starts_with("no libtorch_cuda.so in /nowhere/lib, /neither; `cargo xtask libtorch --cuda`"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_no_library_is_an_error_that_names_it() {
        let folder = std::env::temp_dir().join(format!("hesse-tch-cuda-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(LIBRARY), "text").unwrap();
        let error = load(&find(std::slice::from_ref(&folder)).unwrap()).unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(&error, DeviceError::Library { file, .. } if file.ends_with(LIBRARY)), "{error}");
    }

    #[test]
    fn the_folder_of_the_loaded_libtorch_is_read_from_the_memory_maps() {
        let maps = "7f00-7f01 r-xp 00000000 08:01 42   /usr/lib/libc.so.6\n\
                    7f02-7f03 r-xp 00000000 08:01 43   /a folder/lib/libtorch_cpu.so\n7f04-7f05 rw-p 00000000 00:00 0\n";
        assert_eq!(loaded_from(maps), Some(PathBuf::from("/a folder/lib")));
        assert_eq!(loaded_from(""), None);
        // This very test is linked with it.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(loaded_from(&maps).unwrap().join("libtorch_cpu.so").is_file());
    }
}
