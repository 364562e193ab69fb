//! Opening libraries.
//!
//! Loading runs code: whoever calls this trusts the file. It is opened by its absolute path, with all symbols resolved at
//! once (a missing one must not surface in the middle of a run) and visible to nobody else, and it is never closed:
//! threads and thread-locals of a library may outlive every handle, so there is no moment at which closing is sound.

use super::import::{EntryError, LibraryEntries};
use super::raw::{MAGIC, MAJOR, MANIFEST_MIN, Manifest};
use super::{host, image};
use crate::plugin::export::SYMBOL;
use crate::plugin::text::one_line;
use crate::registry::LibraryInfo;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// A library that cannot be used as a plugin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such file.
    #[error("{}: {cause}", path.display())]
    File {
        /// The path as given.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The system cannot load it.
    #[error("{}: not a library that can be loaded here: {cause}", path.display())]
    Library {
        /// Where.
        path: PathBuf,
        /// In the loader's words.
        cause: String,
    },
    /// It has no manifest.
    #[error("{}: not a plugin of Hesse: it does not export `{}`", path.display(), SYMBOL)]
    Symbol {
        /// Where.
        path: PathBuf,
    },
    /// What it calls a manifest is none.
    #[error("{}: not a plugin of Hesse: its manifest does not begin with the right bytes", path.display())]
    Magic {
        /// Where.
        path: PathBuf,
    },
    /// It was made for another version of the interface.
    #[error(
        "{}: made for version {found} of the plugin interface, this is version {MAJOR}; build it against a matching \
         hesse-core",
        path.display()
    )]
    Version {
        /// Where.
        path: PathBuf,
        /// Its major version.
        found: u16,
    },
    /// The manifest is shorter than its version allows.
    #[error("{}: its manifest has {found} bytes, at least {MANIFEST_MIN} are needed", path.display())]
    Size {
        /// Where.
        path: PathBuf,
        /// Its size.
        found: usize,
    },
    /// A panic in it would end the program.
    #[error("{}: built with `panic = \"abort\"`: a panic in it would end the program; build it with unwinding", path.display())]
    Aborts {
        /// Where.
        path: PathBuf,
    },
    /// An entry is wrong.
    #[error("{}: {cause}", path.display())]
    Entry {
        /// Where.
        path: PathBuf,
        /// Which, and why.
        cause: EntryError,
    },
    /// It offers nothing that this version knows.
    #[error("{}: offers no model, solver, attack or backend that this version knows", path.display())]
    Empty {
        /// Where.
        path: PathBuf,
    },
}

/// Libraries that are open, by canonical path.
static OPEN: Mutex<Vec<&'static LibraryEntries>> = Mutex::new(Vec::new());

/// Opens a library, or finds it open. Its entries are not in the registry yet: [`LibraryEntries::register`].
///
/// # Errors
/// Where the file is missing, cannot be loaded, is no plugin, or is one of another version.
pub fn open(path: &Path) -> Result<&'static LibraryEntries, LoadError> {
    // A bare name would be searched for in the system's folders, so it is made absolute; links are followed, so that a
    // library is one library under all its names.
    let absolute = path.canonicalize().map_err(|cause| LoadError::File { path: path.into(), cause })?;
    // Held while opening: two threads must not both read the entries of one library.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = open.iter().find(|l| l.library.path == absolute) {
        return Ok(found);
    }
    let entries: &'static LibraryEntries = Box::leak(Box::new(fresh(absolute)?));
    open.push(entries);
    Ok(entries)
}

/// Opens libraries and registers what they offer, each once in the life of the process.
///
/// # Errors
/// As [`open`].
pub fn load(path: &Path) -> Result<&'static LibraryEntries, LoadError> {
    let entries = open(path)?;
    static REGISTERED: Mutex<Vec<&'static LibraryInfo>> = Mutex::new(Vec::new());
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !registered.iter().any(|l| std::ptr::eq(*l, entries.library)) {
        registered.push(entries.library);
        entries.register();
    }
    Ok(entries)
}

fn fresh(path: PathBuf) -> Result<LibraryEntries, LoadError> {
    image::check(&path).map_err(|cause| LoadError::Library { path: path.clone(), cause })?;
    let library = system_open(&path).map_err(|e| LoadError::Library { path: path.clone(), cause: words(&e, &path) })?;
    // SAFETY: the symbol is a function of this type by the interface's definition; a library that defines it otherwise
    // cannot be told from one that does, which is why loading is a matter of trust.
    let found = unsafe { library.get::<unsafe extern "C" fn() -> *const Manifest>(SYMBOL.as_bytes()) };
    let Ok(found) = found else { return Err(LoadError::Symbol { path }) };
    // SAFETY: as above.
    let manifest = unsafe { found() };
    // SAFETY: it points at a constant of a library that is never unloaded.
    let manifest = unsafe { check(manifest, &path) }?;
    if let Some(attach) = manifest.attach {
        // SAFETY: the program's table lives as long as the process.
        unsafe { attach(&raw const host::TABLE) };
    }
    let info = LibraryInfo {
        stem: stem(&path),
        // SAFETY: texts of a manifest live as long as the library.
        package: unsafe { manifest.package.as_text() }.map(one_line).unwrap_or_default(),
        // SAFETY: as above.
        version: unsafe { manifest.version.as_text() }.map(one_line).unwrap_or_default(),
        // SAFETY: as above.
        built_with: unsafe { manifest.built_with.as_text() }.map(one_line).unwrap_or_default(),
        path: path.clone(),
    };
    // SAFETY: the manifest has passed the checks.
    let entries = unsafe { LibraryEntries::read(&manifest, Box::leak(Box::new(info))) };
    match entries {
        Ok(entries) if entries.is_empty() => Err(LoadError::Empty { path }),
        Ok(entries) => Ok(entries),
        Err(cause) => Err(LoadError::Entry { path, cause }),
    }
}

/// Reads a manifest, the frozen beginning first.
///
/// # Safety
/// The pointer is null or points at something that begins like a manifest.
unsafe fn check(manifest: *const Manifest, path: &Path) -> Result<Manifest, LoadError> {
    let path = || path.to_path_buf();
    if manifest.is_null() || !manifest.is_aligned() {
        return Err(LoadError::Magic { path: path() });
    }
    // SAFETY: single fields are read, in the order in which they become trustworthy; a reference to the whole would be
    // wrong where the library's manifest is shorter.
    unsafe {
        if (&raw const (*manifest).magic).read() != MAGIC {
            return Err(LoadError::Magic { path: path() });
        }
        let major = (&raw const (*manifest).major).read();
        if major != MAJOR {
            return Err(LoadError::Version { path: path(), found: major });
        }
        let size = (&raw const (*manifest).size).read();
        if size < MANIFEST_MIN {
            return Err(LoadError::Size { path: path(), found: size });
        }
        if (&raw const (*manifest).unwinds).read() == 0 {
            return Err(LoadError::Aborts { path: path() });
        }
        // Version 1.0 is all that there is yet, and all of it is there.
        Ok(manifest.read())
    }
}

#[cfg(unix)]
fn system_open(path: &Path) -> Result<ManuallyDrop<libloading::Library>, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: running the library's initialisers is what the caller asked for.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(|l| ManuallyDrop::new(l.into()))
}

#[cfg(windows)]
fn system_open(path: &Path) -> Result<ManuallyDrop<libloading::Library>, libloading::Error> {
    use libloading::os::windows::{LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, Library};
    let flags = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
    // SAFETY: running the library's initialisers is what the caller asked for.
    unsafe { Library::load_with_flags(path, flags) }.map(|l| ManuallyDrop::new(l.into()))
}

/// The loader's message without the path, which stands in front of it already.
fn words(error: &libloading::Error, path: &Path) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    one_line(&text.replace(&format!("{}: ", path.display()), ""))
}

/// `lib{stem}.so` → `stem`.
fn stem(path: &Path) -> String {
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_prefix(std::env::consts::DLL_PREFIX).map_or(name.clone(), str::to_string)
}
