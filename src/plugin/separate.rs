//! Backends that the program knows by name and does not link: each is a library that is opened when it is asked for, so
//! that the program itself needs none of what they need.
//!
//! The library is looked for beside the program, where Cargo puts both; in `lib/hesse` beside the program's folder; and
//! where every plugin is. Opening it any earlier was decided against: libtorch alone is half a gigabyte.

use super::search::{user_folder, variable_folders};
use hesse_core::plugin::load::{LoadError, load};
use hesse_core::registry::{self, BackendEntry, Entry};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;
use thiserror::Error;

/// A backend in a library of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separate {
    /// What the command line calls it.
    pub name: &'static str,
    /// The library is `lib{stem}.so`, or what the system calls that.
    pub stem: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The architectures that come with it, which run on it alone.
    pub models: &'static [&'static str],
    /// The command that makes the library.
    pub mend: &'static str,
}

/// All of them.
pub const SEPARATE: &[Separate] = &[Separate {
    name: "tch",
    stem: "hesse_tch",
    summary: "libtorch's kernels (PyTorch 2.11)",
    models: &["torchscript"],
    mend: "cargo xtask libtorch && cargo build --release -p hesse-tch",
}];

/// The backend cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SeparateError {
    /// There is no library.
    #[error("backend {name} is a library of its own, {file}, and there is none in {}; `{mend}` makes it", .places.join(", "))]
    Absent {
        /// Which backend.
        name: &'static str,
        /// The file looked for.
        file: String,
        /// Where.
        places: Vec<String>,
        /// The command that makes it.
        mend: &'static str,
    },
    /// There is one that does not load: most often, what it needs is missing or of another version.
    #[error(
        "backend {name}: {cause}; `{mend}` mends a library, or a library that it needs, that is missing or foreign"
    )]
    Load {
        /// Which backend.
        name: &'static str,
        /// Why not.
        cause: LoadError,
        /// The command that makes it anew.
        mend: &'static str,
    },
}

impl Separate {
    /// The backend of this name, also where it is given as `library/name`.
    pub fn named(name: &str) -> Option<&'static Separate> {
        SEPARATE.iter().find(|s| s.name == name || name.split_once('/') == Some((s.stem, s.name)))
    }

    /// The backend whose library has a model of this name, also where that is given as `library/name`.
    pub fn with_model(name: &str) -> Option<&'static Separate> {
        SEPARATE.iter().find(|s| match name.split_once('/') {
            Some((library, name)) => library == s.stem && s.models.contains(&name),
            None => s.models.contains(&name),
        })
    }

    /// The file's name on this system.
    pub fn file(&self) -> String {
        format!("{DLL_PREFIX}{}{DLL_SUFFIX}", self.stem)
    }

    /// Whether it is in the registry.
    pub fn is_registered(&self) -> bool {
        registry::all::<BackendEntry>().iter().any(|e| e.name() == self.name)
    }

    /// The library, where there is one.
    pub fn find(&self) -> Option<PathBuf> {
        places().into_iter().map(|folder| folder.join(self.file())).find(|file| file.is_file())
    }

    /// Opens and registers it.
    ///
    /// # Errors
    /// Where there is no library, or it does not load.
    pub fn bring(&self) -> Result<(), SeparateError> {
        let &Separate { name, mend, .. } = self;
        let Some(file) = self.find() else {
            let places = places().iter().map(|p| p.display().to_string()).collect();
            return Err(SeparateError::Absent { name, file: self.file(), places, mend });
        };
        load(&file).map(drop).map_err(|cause| SeparateError::Load { name, cause, mend })
    }
}

/// The folders searched, in this order.
fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    let program = std::env::current_exe().and_then(|exe| exe.canonicalize()).ok();
    if let Some(folder) = program.as_deref().and_then(|exe| exe.parent()) {
        places.push(folder.to_path_buf());
        if let Some(above) = folder.parent() {
            // Tests and examples lie in a folder below that of the program.
            if folder.ends_with("deps") || folder.ends_with("examples") {
                places.push(above.to_path_buf());
            }
            places.push(above.join("lib/hesse"));
        }
    }
    places.extend(variable_folders().into_iter().filter(|f| f.is_absolute()));
    places.extend(user_folder());
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_of_its_own_library_is_known_by_its_name_and_its_full_name() {
        assert_eq!(Separate::named("tch"), SEPARATE.first());
        assert_eq!(Separate::named("hesse_tch/tch"), SEPARATE.first());
        assert!(Separate::named("candle").is_none() && Separate::named("other/tch").is_none());
        assert_eq!(Separate::with_model("torchscript"), SEPARATE.first());
        assert!(Separate::with_model("mlp").is_none());
    }

    #[test]
    fn an_absent_library_is_an_error_with_the_command_that_makes_it() {
        let absent = Separate { name: "none", stem: "hesse_none", summary: "", models: &[], mend: "make it" };
        let error = absent.bring().unwrap_err().to_string();
        assert!(error.contains("hesse_none") && error.ends_with("`make it` makes it"), "{error}");
    }
}
