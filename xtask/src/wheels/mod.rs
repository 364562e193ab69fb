//! Wheels of the Python package registry, pinned: version, hash, and which of their files are wanted.
//!
//! They hold libraries and compilers that otherwise come from download pages. pip fetches them, because it knows proxies,
//! mirrors and certificates; what it brings is compared with the SHA-256 written here.

mod fetch;
mod unpack;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of the Python package registry.
pub struct Wheel {
    /// Its project.
    pub package: &'static str,
    /// Its version, complete.
    pub version: &'static str,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: &'static str,
    /// Its size in 10⁶ bytes.
    pub megabytes: u32,
    /// The shared libraries in it that are wanted; they go to `lib`.
    pub libraries: &'static [&'static str],
    /// A folder in it whose files are wanted, with the folder that they go to.
    pub folder: Option<(&'static str, &'static str)>,
}

/// The Python for which PyTorch's wheel is made. Nothing of it that depends on Python is used, and naming one makes the
/// file, and so its hash, the same everywhere.
pub const PYTHON: &str = "3.12";

/// The file's name without its folders.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Wheel {
    /// Where a file of the wheel goes, if it is wanted.
    pub fn place(&self, name: &str) -> Option<String> {
        if self.libraries.contains(&name) {
            return Some(format!("lib/{}", base(name)));
        }
        let (from, to) = self.folder?;
        let rest = name.strip_prefix(from)?;
        // A name that leads out of the folder is not one of its makers'.
        let inside = rest.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
        inside.then(|| format!("{to}{rest}"))
    }
}

/// The size of all of them, in 10⁶ bytes.
pub fn megabytes<'a>(wheels: impl IntoIterator<Item = &'a Wheel>) -> u32 {
    wheels.into_iter().map(|w| w.megabytes).sum()
}

/// Brings wheels into a new folder: `whole` gets their files, and `finish` what is not in them; then the folder takes the place
/// of `to`. An interrupted run leaves nothing that looks whole.
///
/// # Errors
/// In one line, with what would help.
pub fn bring<'a>(
    wheels: impl IntoIterator<Item = &'a Wheel>,
    to: &Path,
    finish: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let target = to.parent().unwrap_or(to);
    fs::create_dir_all(target).map_err(at(target))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    // One folder a process: two runs at once do not meet.
    let work = Work(target.join(format!("{name}.{}.tmp", std::process::id())));
    let (files, whole) = (work.0.join("wheels"), work.0.join("whole"));
    fs::create_dir_all(&files).map_err(at(&files))?;
    for wheel in wheels {
        // Beside the answer of a task, which a shell may read.
        eprintln!("{} {} ({} MB)", wheel.package, wheel.version, wheel.megabytes);
        let file = fetch::fetch(wheel, &files)?;
        unpack::unpack(wheel, &file, &whole)?;
        // Hundreds of megabytes that are not needed any more.
        fs::remove_file(&file).map_err(at(&file))?;
    }
    finish(&whole)?;
    if to.exists() {
        fs::remove_dir_all(to).map_err(at(to))?;
    }
    fs::rename(&whole, to).map_err(at(to))
}

/// The workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// An input or output error with its place.
pub fn at<E: Display>(path: &Path) -> impl Fn(E) -> String {
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

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Holds for every list of wheels.
    pub fn is_pinned(wheels: &[&Wheel]) {
        for w in wheels {
            assert!(w.sha256.len() == 64 && w.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{}", w.package);
            assert!(w.version.split('.').count() >= 3 && !w.version.contains('*'), "{} {}", w.package, w.version);
            assert!(!w.libraries.is_empty() || w.folder.is_some(), "{} brings nothing", w.package);
            assert!(w.megabytes > 0, "{}", w.package);
        }
        for (i, w) in wheels.iter().enumerate() {
            assert!(wheels[..i].iter().all(|o| o.package != w.package && o.sha256 != w.sha256), "{} twice", w.package);
        }
        // Two libraries of one name would overwrite each other.
        let mut names: Vec<&str> = wheels.iter().flat_map(|w| w.libraries).map(|l| base(l)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
