//! `hesse plugin new`: a crate that builds, tests and loads as it stands.

use hesse_core::plugin::is_name;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What a plugin adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An architecture.
    Model,
    /// An eigensolver.
    Solver,
    /// An attack.
    Attack,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Solver => "solver",
            Kind::Attack => "attack",
        }
    }
}

/// Where the new crate finds hesse-core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Core {
    /// In this folder.
    Path(PathBuf),
    /// In the registry, in this version.
    Version(String),
}

impl Core {
    /// The sources that this program was built from, if they are still there, else the published version.
    pub fn usual() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("core");
        if path.join("Cargo.toml").is_file() {
            Core::Path(path)
        } else {
            Core::Version(env!("CARGO_PKG_VERSION").into())
        }
    }
}

/// A crate that could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NewError {
    /// The name cannot be that of a crate and of an entry.
    #[error(
        "plugin name '{0}': expected a letter a-z and then letters, digits, '-' or '_', at most 64, and no Rust keyword"
    )]
    Name(String),
    /// There is something already.
    #[error("{}: exists already; nothing was written", .0.display())]
    Exists(PathBuf),
    /// hesse-core is not where it should be.
    #[error("{}: expected the folder of hesse-core; there is no Cargo.toml of that name", .0.display())]
    Core(PathBuf),
    /// The file system refuses.
    #[error("{}: {cause}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
}

const KEYWORDS: [&str; 39] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while", "test",
];

/// Writes a crate named `name` into a new folder of that name inside `place`; returns the folder.
///
/// # Errors
/// Where the name is not one, the folder exists, or it cannot be written; then nothing of it is left.
pub fn create(place: &Path, name: &str, kind: Kind, core: &Core) -> Result<PathBuf, NewError> {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts || !is_name(name) || KEYWORDS.contains(&name) {
        return Err(NewError::Name(name.escape_debug().to_string()));
    }
    let folder = place.join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists(folder));
    }
    let core = match core {
        Core::Version(version) => format!("{version:?}"),
        Core::Path(path) => {
            let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap_or_default();
            if !manifest.contains("name = \"hesse-core\"") {
                return Err(NewError::Core(path.clone()));
            }
            let absolute = path.canonicalize().map_err(|cause| NewError::Write { path: path.clone(), cause })?;
            // A TOML literal string would not do for a path with an apostrophe; debug escapes are those of TOML.
            format!("{{ path = {:?} }}", absolute.display().to_string())
        }
    };
    // Complete beside its place, then renamed: an interrupted run leaves no half of a crate.
    let write = |path: &Path, cause| NewError::Write { path: path.to_path_buf(), cause };
    let parent = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    let beside = tempfile::Builder::new().prefix(".hesse-new").tempdir_in(parent).map_err(|e| write(parent, e))?;
    let fill = |text: &str| fill(text, name, kind, &core);
    let mut files = vec![
        ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
        (".gitignore", include_str!("template/gitignore.txt")),
        ("README.md", include_str!("template/README.md.txt")),
    ];
    match kind {
        Kind::Model => files.push(("src/lib.rs", include_str!("template/model.rs.txt"))),
        Kind::Attack => files.push(("src/lib.rs", include_str!("template/attack.rs.txt"))),
        Kind::Solver => {
            files.push(("src/lib.rs", include_str!("template/solver.rs.txt")));
            files.push(("src/small.rs", include_str!("template/small.rs.txt")));
        }
    }
    let source = beside.path().join("src");
    fs::create_dir(&source).map_err(|e| write(&source, e))?;
    for (file, text) in files {
        let path = beside.path().join(file);
        fs::write(&path, fill(text)).map_err(|e| write(&path, e))?;
    }
    fs::rename(beside.path(), &folder).map_err(|e| write(&folder, e))?;
    // A folder for temporary files is the owner's alone; a crate is an ordinary folder.
    let _ = beside.keep();
    open_to_all(&folder);
    Ok(folder)
}

#[cfg(unix)]
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Nothing is lost where it fails.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) {}

/// The library that `cargo build --release` makes, seen from the crate's folder.
pub fn library(name: &str) -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("target/release/{DLL_PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"))
}

/// A command that uses the new plugin.
pub fn usage(name: &str, kind: Kind) -> String {
    let library = library(name);
    match kind {
        Kind::Model => {
            format!("hesse spectrum --plugin {library} --model {name} --data glyphs --samples 0..256 --top 2")
        }
        Kind::Solver => {
            format!(
                "hesse spectrum --plugin {library} --solver {name} --model m1 --data glyphs --samples 0..256 --top 2"
            )
        }
        Kind::Attack => {
            format!(
                "hesse attack --plugin {library} --attack {name} --eps 0.1 --model m1 --data glyphs --samples 0..256"
            )
        }
    }
}

fn fill(text: &str, name: &str, kind: Kind, core: &str) -> String {
    text.replace("{{name}}", name)
        .replace("{{kind}}", kind.name())
        .replace("{{core}}", core)
        .replace("{{library}}", &library(name))
        .replace("{{use}}", &usage(name, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_crates_are_refused_and_nothing_is_written() {
        let place = tempfile::tempdir().unwrap();
        for name in ["", "Demo", "1st", "a b", "../up", "fn", "demo\n", "ü"] {
            let error = create(place.path(), name, Kind::Solver, &Core::Version("0.1".into())).unwrap_err();
            assert!(matches!(error, NewError::Name(_)), "{name}: {error}");
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_exists_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("demo"), "mine").unwrap();
        let error = create(place.path(), "demo", Kind::Model, &Core::Version("0.1".into())).unwrap_err();
        assert!(matches!(error, NewError::Exists(_)));
        assert_eq!(fs::read_to_string(place.path().join("demo")).unwrap(), "mine");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_placeholder_is_filled() {
        let place = tempfile::tempdir().unwrap();
        for (name, kind) in [("a-model", Kind::Model), ("a_solver", Kind::Solver), ("attack2", Kind::Attack)] {
            let folder = create(place.path(), name, kind, &Core::usual()).unwrap();
            for file in ["Cargo.toml", "README.md", "src/lib.rs"] {
                let text = fs::read_to_string(folder.join(file)).unwrap();
                assert!(!text.contains("{{") && !text.contains("}}") || file == "src/lib.rs", "{file}: {text}");
                assert!(text.contains(name));
            }
        }
    }
}
