//! Files of a study: results that outlive a call, each under a key that says what it depends on.

use super::StudyError;
use crate::report::write_json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    key: String,
    value: T,
}

/// SHA-256 of a text that names everything a result depends on, in hexadecimal.
pub(super) fn key(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

/// What an earlier call left in a file under this key, or else what `compute` returns, which is kept. A file that
/// cannot be read, or has another key, is computed again.
///
/// # Errors
/// Where `compute` fails or the file cannot be written.
pub(super) fn kept<T: Serialize + DeserializeOwned>(
    file: &Path,
    key: &str,
    compute: impl FnOnce() -> Result<T, StudyError>,
) -> Result<T, StudyError> {
    if let Some(value) = standing(file, key) {
        return Ok(value);
    }
    let made = Kept { key: key.to_string(), value: compute()? };
    write_json(file, &made)?;
    Ok(made.value)
}

/// What lies in a file under this key.
fn standing<T: DeserializeOwned>(file: &Path, key: &str) -> Option<T> {
    let text = std::fs::read_to_string(file).ok()?;
    let found: Kept<T> = serde_json::from_str(&text).ok()?;
    (found.key == key).then_some(found.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_computed_again_only_under_another_key_or_from_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("part.json");
        let mut computed = 0;
        let mut value = |key: &str| {
            kept(&file, key, || {
                computed += 1;
                Ok(computed)
            })
            .unwrap()
        };
        assert_eq!([value("a"), value("a"), value("b")], [1, 1, 2]);
        std::fs::write(&file, "{\"key\": \"b\", \"va").unwrap();
        assert_eq!(value("b"), 3);
        assert_eq!((key("a").len(), key("a") == key("b")), (64, false));
    }
}
