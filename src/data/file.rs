//! Reading whole files, packed or not, with a bound on what a hostile one can make of memory.
//!
//! gzip is told by its first bytes and not by the name, because browsers unpack downloads without renaming them.

use super::DataError;
use super::error::Flaw;
use flate2::read::MultiGzDecoder;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most bytes that are read, packed or unpacked; the largest official file has 184 MB.
const LIMIT: u64 = 1 << 30;

/// The contents of a file.
pub(super) struct Contents {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// Whether the bytes were gzip-packed, so that offsets count unpacked bytes.
    pub unpacked: bool,
}

impl Contents {
    /// Says whose bytes are wrong.
    pub fn flaw(&self, flaw: Flaw) -> DataError {
        flaw.of(&self.path, self.unpacked)
    }
}

/// The file as it is.
pub(super) fn read(path: &Path) -> Result<Contents, DataError> {
    let file = File::open(path).map_err(DataError::io("opening", path))?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(DataError::io("reading", path))?;
    let contents = Contents { path: path.to_owned(), bytes, unpacked: false };
    bounded(contents)
}

/// The file, unpacked if it begins like gzip.
pub(super) fn read_unpacked(path: &Path) -> Result<Contents, DataError> {
    let packed = read(path)?;
    if !packed.bytes.starts_with(GZIP) {
        return Ok(packed);
    }
    let mut bytes = Vec::new();
    if let Err(error) = MultiGzDecoder::new(packed.bytes.as_slice()).take(LIMIT + 1).read_to_end(&mut bytes) {
        let found = format!("{error} (cut off or damaged gzip)");
        return Err(Flaw::new(bytes.len(), "more packed contents", found).of(path, true));
    }
    bounded(Contents { bytes, unpacked: true, ..packed })
}

fn bounded(contents: Contents) -> Result<Contents, DataError> {
    if contents.bytes.len() as u64 > LIMIT {
        let flaw = Flaw::new(LIMIT as usize, format!("the end of a file of at most {LIMIT} bytes"), "more");
        return Err(contents.flaw(flaw));
    }
    Ok(contents)
}

const GZIP: &[u8] = &[0x1f, 0x8b];

/// What some bytes look like, for a message about a file that is not what its name says.
pub(super) fn describe(bytes: &[u8]) -> String {
    let text =
        |prefix: &str| bytes.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()));
    let known = match bytes {
        [] => "an empty file",
        [0x1f, 0x8b, ..] => "a gzip file",
        [b'P', b'K', 3, 4, ..] => "a zip file",
        [0x80, 2..=5, ..] => "a Python pickle",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file",
        [0, 0, 8, 1, ..] => "an IDX file of labels",
        [0, 0, 8, 3, ..] => "an IDX file of pictures",
        _ if bytes.get(257..262) == Some(b"ustar") => "a tar file",
        _ if text("<!doctype") || text("<html") || text("<?xml") => "a web page (a failed download?)",
        _ if text("version https://git-lfs") => "a pointer of Git LFS (the file itself was not fetched)",
        _ => {
            let head: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            return format!("a file that begins {}", head.join(" "));
        }
    };
    known.into()
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What to do about files that are not there.
pub(super) fn mend(name: &str, dir: &Path) -> String {
    format!("`hesse data fetch {name} --dir {}` downloads them", dir.display())
}

/// Notes a count that differs from the official one, so that nobody takes a part for the whole.
pub(super) fn count_notice(name: &str, split: super::Split, found: usize, official: usize) -> Option<String> {
    (found != official).then(|| format!("{name} {split}: {found} samples, where the official files hold {official}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_told_by_its_contents() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plain-name");
        std::fs::write(&path, packed(b"abc")).unwrap();
        let contents = read_unpacked(&path).unwrap();
        assert_eq!((contents.bytes.as_slice(), contents.unpacked), (&b"abc"[..], true));
        std::fs::write(&path, b"abc").unwrap();
        assert!(!read_unpacked(&path).unwrap().unpacked);
    }

    #[test]
    fn gzip_cut_off_anywhere_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cut.gz");
        let whole = packed(&[7; 100]);
        for length in 2..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let error = read_unpacked(&path).err().expect("an error").to_string();
            assert!(error.contains("of the unpacked contents: expected more packed contents"), "{length}: {error}");
        }
    }

    #[test]
    fn foreign_files_are_named() {
        assert_eq!(describe(b"<!DOCTYPE html>"), "a web page (a failed download?)");
        assert_eq!(describe(&[0x80, 2, b'}']), "a Python pickle");
        assert_eq!(describe(b"ab"), "a file that begins 61 62");
        assert_eq!(describe(b""), "an empty file");
    }
}
