//! Taking the useful files out of a `.tar.gz`.
//!
//! Only members named in advance are written, and only to the place their name gives, so that no archive can write
//! anywhere else. Each gets its name when it is whole.

use super::super::DataError;
use super::super::error::Flaw;
use super::download::part;
use super::sources::Archive;
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Component, Path};

/// Unpacks the members of `archive` from the file `packed` into its folder in `dir`.
pub fn unpack(packed: &Path, archive: &Archive<'_>, dir: &Path) -> Result<(), DataError> {
    let folder = dir.join(archive.folder);
    fs::create_dir_all(&folder).map_err(DataError::io("making the folder", &folder))?;
    let file = File::open(packed).map_err(DataError::io("opening", packed))?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    let unreadable = || DataError::io("unpacking", packed);
    let mut absent: Vec<&str> = archive.members.iter().map(|(name, _)| *name).collect();
    for entry in tar.entries().map_err(unreadable())? {
        let mut entry = entry.map_err(unreadable())?;
        let path = entry.path().map_err(unreadable())?.into_owned();
        let Some(&(name, bytes)) = archive.members.iter().find(|(name, _)| names(&path, archive.folder, name)) else {
            continue;
        };
        if !entry.header().entry_type().is_file() || entry.size() != bytes {
            let (at, found) = (entry.raw_header_position(), format!("{} bytes", entry.size()));
            return Err(Flaw::new(at as usize, format!("the file {name} of {bytes} bytes"), found).of(packed, true));
        }
        let (target, partial) = (folder.join(name), part(&folder.join(name)));
        let mut out = File::create(&partial).map_err(DataError::io("making", &partial))?;
        io::copy(&mut entry, &mut out).map_err(DataError::io("unpacking to", &partial))?;
        out.sync_all().map_err(DataError::io("writing", &partial))?;
        fs::rename(&partial, &target).map_err(DataError::io("renaming", &partial))?;
        absent.retain(|other| *other != name);
    }
    if absent.is_empty() {
        return Ok(());
    }
    let expected = format!("{} in {}", absent.join(", "), archive.folder);
    Err(Flaw::new(0, expected, "an archive without them").of(packed, true))
}

/// Whether a path in the archive is `folder/name`, with or without a leading `./`.
fn names(path: &Path, folder: &str, name: &str) -> bool {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.eq([folder, name].map(|part| Component::Normal(part.as_ref())))
}
