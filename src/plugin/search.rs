//! Where plugins are looked for: what the command line names, the folders of `HESSE_PLUGIN_PATH`, and a folder of the
//! user's own. Never the current folder by itself: loading runs code.
//!
//! What was named explicitly must load, or the command fails. What merely lies in a folder must not make the program
//! useless, so there a broken library is a notice.

use hesse_core::plugin::load::{LoadError, load};
use std::env::consts::{DLL_EXTENSION, DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The environment variable with more folders.
pub const VARIABLE: &str = "HESSE_PLUGIN_PATH";

/// A plugin that was asked for and cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The library cannot be used.
    #[error("--plugin: {0}")]
    Load(#[from] LoadError),
    /// The folder cannot be read.
    #[error("--plugin: {}: {cause}", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The folder has no library in it.
    #[error("--plugin: {}: the folder holds no library ({DLL_PREFIX}NAME{DLL_SUFFIX})", path.display())]
    NoLibrary {
        /// Which one.
        path: PathBuf,
    },
}

/// Loads and registers every plugin: `named` ones first, then those of the folders. Returns what
/// a person should know.
///
/// # Errors
/// Where a named one cannot be loaded.
pub fn load_all(named: &[PathBuf]) -> Result<Vec<String>, PluginError> {
    for path in named {
        let libraries = if path.is_dir() {
            let found = libraries(path).map_err(|cause| PluginError::Folder { path: path.clone(), cause })?;
            if found.is_empty() {
                return Err(PluginError::NoLibrary { path: path.clone() });
            }
            found
        } else {
            vec![path.clone()]
        };
        for library in libraries {
            load(&library)?;
        }
    }
    let mut notices = Vec::new();
    for folder in variable_folders() {
        if folder.is_relative() {
            let place = folder.display();
            notices.push(format!("{VARIABLE}: {place}: expected an absolute path; not searched"));
            continue;
        }
        match libraries(&folder) {
            Ok(found) => found.iter().for_each(|l| try_load(l, &mut notices)),
            Err(cause) => notices.push(format!("{VARIABLE}: {}: {cause}", folder.display())),
        }
    }
    if let Some(found) = user_folder().and_then(|folder| libraries(&folder).ok()) {
        found.iter().for_each(|l| try_load(l, &mut notices));
    }
    Ok(notices)
}

fn try_load(library: &Path, notices: &mut Vec<String>) {
    if let Err(error) = load(library) {
        notices.push(format!("plugin left out: {error}"));
    }
}

/// The folders that the environment names.
pub(super) fn variable_folders() -> Vec<PathBuf> {
    let listed = std::env::var_os(VARIABLE).unwrap_or_default();
    std::env::split_paths(&listed).filter(|f| !f.as_os_str().is_empty()).collect()
}

/// The libraries of a folder, in the order of their names.
fn libraries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new(DLL_EXTENSION)) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The user's own folder, whether or not it exists.
pub fn user_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_DATA_HOME")
            .filter(|p| p.is_absolute())
            .or_else(|| variable("HOME").map(|h| h.join(".local/share")))
    };
    data.map(|data| data.join("hesse").join("plugins"))
}
