//! Files that are whole or not there.

use super::ReportError;
use crate::weights::write_atomically;
use std::io;
use std::path::Path;

/// Writes a file, whole or not at all; an earlier one stays until then.
///
/// # Errors
/// Where the system refuses.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically(path, |out| out.write_all(bytes))
}

/// The same for a text, with an error that names the file.
///
/// # Errors
/// Where the system refuses.
pub fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    write_bytes(path, text.as_bytes()).map_err(|source| ReportError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_bytes(&path, b"one").unwrap();
        write_bytes(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_bytes(&folder.path().join("none/a.txt"), b"").is_err());
    }
}
