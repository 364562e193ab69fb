//! Bringing one wheel through pip, and comparing it with its hash.

use super::{PYTHON, Wheel, at, base};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Python by its usual names, the one of an environment first.
fn pythons() -> Vec<String> {
    let named = std::env::var("PYTHON").ok().filter(|p| !p.is_empty());
    named.map_or_else(|| vec!["python3".into(), "python".into()], |p| vec![p])
}

/// The first Python that starts and has pip.
fn python() -> Result<String, String> {
    let mut without_pip = None;
    for name in pythons() {
        let tried = Command::new(&name)
            .args(["-m", "pip", "--version"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match tried {
            Ok(status) if status.success() => return Ok(name),
            Ok(_) => without_pip = Some(name),
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(format!("{name}: {e}")),
        }
    }
    Err(match without_pip {
        Some(name) => format!("{name} has no pip; install it (`{name} -m ensurepip`, or your system's python3-pip)"),
        None => "no Python found to run pip; install python3 with pip, or name one in PYTHON".to_string(),
    })
}

/// Downloads a wheel into an empty folder of its own; returns the file once its hash is right.
pub fn fetch(wheel: &Wheel, folder: &Path) -> Result<PathBuf, String> {
    let Wheel { package, version, .. } = wheel;
    let folder = folder.join(package);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let python = python()?;
    let requirement = format!("{package}=={version}");
    let status = Command::new(&python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--python-version", PYTHON, "--dest"])
        .arg(&folder)
        .arg(&requirement)
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("{python}: {e}"))?;
    if !status.success() {
        return Err(format!(
            "pip cannot bring {requirement} ({status}); is the network there, and the package registry or the mirror \
             that pip is set to?"
        ));
    }
    let file = fs::read_dir(&folder)
        .map_err(at(&folder))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or_else(|| format!("pip brought no wheel of {requirement}"))?;
    let found = hash(&file).map_err(at(&file))?;
    if found != wheel.sha256 {
        return Err(format!(
            "{}: expected SHA-256 {}, found {found}; nothing of it has been used",
            base(&file.to_string_lossy()),
            wheel.sha256
        ));
    }
    Ok(file)
}

/// SHA-256 of a file, in hexadecimal.
pub fn hash(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut state = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(state.finalize().iter().map(|b| format!("{b:02x}")).collect()),
            n => state.update(&piece[..n]),
        }
    }
}
