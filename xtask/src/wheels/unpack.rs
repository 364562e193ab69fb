//! Taking the wanted files out of a wheel, which is a zip archive.

use super::{Wheel, at};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;
use zip::ZipArchive;

/// Writes the wanted files of a wheel below `to`.
pub fn unpack(wheel: &Wheel, file: &Path, to: &Path) -> Result<(), String> {
    let archive = File::open(file).map_err(at(file))?;
    let mut archive = ZipArchive::new(BufReader::with_capacity(1 << 20, archive)).map_err(at(file))?;
    let mut missing: Vec<&str> = wheel.libraries.to_vec();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(at(file))?;
        let name = entry.name().map_err(at(file))?.into_owned();
        let Some(place) = wheel.place(&name).filter(|_| entry.is_file()) else { continue };
        let path = to.join(place);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        let mut out = File::create(&path).map_err(at(&path))?;
        io::copy(&mut entry, &mut out).map_err(at(&path))?;
        #[cfg(unix)]
        if let Some(mode) = entry.unix_mode().filter(|m| m & 0o111 != 0) {
            use std::os::unix::fs::PermissionsExt;
            // Compilers are among the files.
            fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o777)).map_err(at(&path))?;
        }
        missing.retain(|m| *m != name);
    }
    match missing.first() {
        Some(library) => Err(format!("{}: expected {library} in it, found none", file.display())),
        None => Ok(()),
    }
}
