//! The content hash of a graph.

use super::Graph;
use crate::error::GraphError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

impl Graph {
    /// SHA-256 of the stored form, in hexadecimal: equal graphs have equal hashes on every machine and release that
    /// writes the same [`FORMAT_VERSION`](super::FORMAT_VERSION).
    ///
    /// # Errors
    /// As [`Graph::to_bytes`].
    pub fn content_hash(&self) -> Result<String, GraphError> {
        Ok(Sha256::digest(self.to_bytes()?).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
            text
        }))
    }
}
