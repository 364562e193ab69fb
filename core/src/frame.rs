//! The frame around stored graphs and programs: eight magic bytes, version (u16), payload length (u64), both
//! little-endian, then the payload in postcard's documented format.
//!
//! A format without such a frame cannot tell a foreign file, another version and a truncated one apart.

use crate::error::GraphError;
use serde::Serialize;
use serde::de::DeserializeOwned;

const HEADER: usize = 18;

/// What one kind of bytes begins with.
pub(crate) struct Frame {
    pub magic: [u8; 8],
    pub version: u16,
    /// What the payload is, for messages.
    pub what: &'static str,
}

/// An error that names what was expected at this place.
pub(crate) fn mismatch(expected: impl ToString, found: impl ToString) -> GraphError {
    GraphError::Bytes { expected: expected.to_string(), found: found.to_string() }
}

impl Frame {
    /// The stored form.
    pub fn write(&self, value: &impl Serialize) -> Result<Vec<u8>, GraphError> {
        let payload =
            postcard::to_stdvec(value).map_err(|e| mismatch(format!("a {} that can be stored", self.what), e))?;
        let mut out = Vec::with_capacity(HEADER + payload.len());
        out.extend(self.magic);
        out.extend(self.version.to_le_bytes());
        out.extend((payload.len() as u64).to_le_bytes());
        out.extend(payload);
        Ok(out)
    }

    /// Reads the stored form to its last byte; what the value means is not checked here.
    pub fn read<T: DeserializeOwned>(&self, data: &[u8]) -> Result<T, GraphError> {
        let header = data.get(..HEADER).ok_or_else(|| mismatch(format!("{HEADER} header bytes"), data.len()))?;
        if header[..8] != self.magic {
            let magic = String::from_utf8_lossy(&self.magic);
            return Err(mismatch(format!("the magic {magic}"), format!("{:02x?}", &header[..8])));
        }
        let version = u16::from_le_bytes([header[8], header[9]]);
        if version != self.version {
            return Err(mismatch(format!("version {}", self.version), version));
        }
        let mut length = [0; 8];
        length.copy_from_slice(&header[10..18]);
        let (length, payload) = (u64::from_le_bytes(length), &data[HEADER..]);
        if length != payload.len() as u64 {
            return Err(mismatch(format!("{length} payload bytes"), payload.len()));
        }
        let (value, rest) =
            postcard::take_from_bytes(payload).map_err(|e| mismatch(format!("a postcard {}", self.what), e))?;
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(mismatch(format!("no bytes behind the {}", self.what), rest.len()))
        }
    }
}
