//! The state of a solver in a file, so that a run that is killed goes on where it was.
//!
//! The file holds what the run is (so that a state cannot continue another one), the solver's own bytes, and a SHA-256 over
//! everything (so that a damaged file is not believed). It is written beside and renamed.

use super::{SpectrumError, SpectrumOptions};
use crate::problem::Session;
use crate::weights::write_atomically;
use hesse_core::eigen::StateKeeper;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MAGIC: &[u8; 8] = b"HESSESST";
const VERSION: u16 = 1;
/// Magic, version, length of the identity.
const HEADER: usize = 18;
const CHECKSUM: usize = 32;

/// How often a state is written. A state is a copy of the basis, so for large networks not after every product.
const EVERY: Duration = Duration::from_secs(20);

/// Everything that the bits of a run depend on, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity(BTreeMap<String, String>);

impl Identity {
    /// Of a run of `hesse spectrum`.
    pub fn of(session: &Session, options: &SpectrumOptions) -> Self {
        let manifest = session.manifest(&[], options.params.as_deref(), &[]);
        let backend = session.backend_part();
        let mut values = BTreeMap::new();
        let mut add = |name: &str, value: String| values.insert(name.to_string(), value);
        add("network", manifest.graph_sha256);
        add("weights", manifest.weights_sha256);
        add("data", manifest.data_sha256);
        add("loss", manifest.loss);
        add("normalization", manifest.normalize.unwrap_or_default());
        add("batch norm", manifest.batch_norm);
        add("batch size", manifest.batch_size.to_string());
        add("parameters", manifest.params.unwrap_or_default());
        add("seed", manifest.seed.to_string());
        // One device of a kind computes what another does.
        let kind = backend.device.split(':').next().unwrap_or_default().to_string();
        add("backend", format!("{} {kind} {}", backend.name, backend.dtype));
        add("solver", options.solver.clone());
        add("matrix", options.matrix.to_string());
        add("block-diagonal", options.block_diagonal.to_string());
        add("largest", options.largest.to_string());
        add("smallest", options.smallest.to_string());
        add("tolerance", options.tolerance.to_string());
        add("budget of products", options.max_products.to_string());
        Identity(values)
    }

    /// The names of what differs, with both values: at most three.
    fn difference(&self, there: &Identity) -> String {
        let none = String::new();
        let names: std::collections::BTreeSet<&String> = self.0.keys().chain(there.0.keys()).collect();
        let differing: Vec<String> = names
            .into_iter()
            .map(|name| (name, there.0.get(name).unwrap_or(&none), self.0.get(name).unwrap_or(&none)))
            .filter(|(_, there, here)| there != here)
            .map(|(name, there, here)| format!("{name} '{}' there, '{}' here", short(there), short(here)))
            .collect();
        let more = differing.len().saturating_sub(3);
        let mut text = differing.into_iter().take(3).collect::<Vec<_>>().join("; ");
        if more > 0 {
            text.push_str(&format!("; and {more} more"));
        }
        text
    }
}

/// Hashes are cut to what tells them apart.
fn short(value: &str) -> &str {
    if value.len() == 64 { value.get(..12).unwrap_or(value) } else { value }
}

/// Writes states to a file.
#[derive(Debug)]
pub(super) struct FileKeeper {
    path: PathBuf,
    identity: Identity,
    last: Instant,
    failed: Option<io::Error>,
}

impl FileKeeper {
    pub fn new(path: &Path, identity: Identity) -> Self {
        FileKeeper { path: path.to_path_buf(), identity, last: Instant::now(), failed: None }
    }

    /// Ends the keeping: a failure to write is told now, and a run that is done needs no state.
    pub fn finish(self, done: bool) -> Result<(), SpectrumError> {
        match self.failed {
            Some(cause) if !done => Err(SpectrumError::StateFile { path: self.path, cause }),
            _ if !done => Ok(()),
            _ => match std::fs::remove_file(&self.path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    Err(SpectrumError::StateFile { path: self.path, cause })
                }
                _ => Ok(()),
            },
        }
    }
}

impl StateKeeper for FileKeeper {
    fn due(&mut self, _: usize) -> bool {
        self.last.elapsed() >= EVERY
    }

    fn keep(&mut self, state: &[u8]) {
        let bytes = encode(&self.identity, state);
        // Not the end of the run: the result is still to come. An interrupted run is told.
        self.failed = write_atomically(&self.path, |out| out.write_all(&bytes)).err();
        self.last = Instant::now();
    }
}

fn encode(identity: &Identity, state: &[u8]) -> Vec<u8> {
    // A map of texts can always be written.
    let identity = serde_json::to_vec(&identity.0).unwrap_or_default();
    let mut bytes = Vec::with_capacity(HEADER + identity.len() + state.len() + CHECKSUM);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((identity.len() as u64).to_le_bytes());
    bytes.extend(&identity);
    bytes.extend(state);
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum.iter());
    bytes
}

/// The state in a file, if the file exists.
///
/// # Errors
/// Where it cannot be read, is damaged, or belongs to another run.
pub(super) fn load(path: &Path, identity: &Identity) -> Result<Option<Vec<u8>>, SpectrumError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(SpectrumError::StateFile { path: path.to_path_buf(), cause }),
    };
    decode(&bytes, identity).map(Some).map_err(|cause| SpectrumError::State { path: path.to_path_buf(), cause })
}

fn decode(bytes: &[u8], identity: &Identity) -> Result<Vec<u8>, String> {
    if bytes.len() < HEADER + CHECKSUM || !bytes.starts_with(MAGIC) {
        return Err("it is no state of a solver".to_string());
    }
    let version = u16::from_le_bytes([bytes[8], bytes[9]]);
    if version != VERSION {
        return Err(format!("it has version {version}, this program reads {VERSION}"));
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if Sha256::digest(content).as_slice() != checksum {
        return Err("it is damaged: its checksum does not fit".to_string());
    }
    let mut length = [0; 8];
    length.copy_from_slice(&content[10..HEADER]);
    let end = usize::try_from(u64::from_le_bytes(length)).ok().and_then(|l| l.checked_add(HEADER));
    let parts = end.and_then(|end| Some((content.get(HEADER..end)?, content.get(end..)?)));
    let (named, state) = parts.ok_or("it is damaged: its lengths do not fit")?;
    let there: BTreeMap<String, String> = serde_json::from_slice(named).map_err(|e| format!("it is damaged: {e}"))?;
    let difference = identity.difference(&Identity(there));
    if difference.is_empty() { Ok(state.to_vec()) } else { Err(format!("it belongs to another run: {difference}")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn identity(seed: &str) -> Identity {
        Identity([("seed", seed), ("solver", "lanczos")].map(|(k, v)| (k.to_string(), v.to_string())).into())
    }

    #[test]
    fn a_state_comes_back_only_to_the_run_it_belongs_to() {
        let bytes = encode(&identity("1"), b"state");
        assert_eq!(decode(&bytes, &identity("1")).unwrap(), b"state");
        let error = decode(&bytes, &identity("2")).unwrap_err();
        assert_eq!(error, "it belongs to another run: seed '1' there, '2' here");
    }

    #[test]
    fn a_damaged_file_is_told_wherever_the_damage_is() {
        let bytes = encode(&identity("1"), b"state");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(decode(&damaged, &identity("1")).is_err(), "byte {at}");
            assert!(decode(&bytes[..at], &identity("1")).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn what_is_kept_is_loaded_and_goes_when_the_run_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert!(load(&path, &identity("1")).unwrap().is_none());
        let mut keeper = FileKeeper::new(&path, identity("1"));
        keeper.keep(b"first");
        keeper.keep(b"second");
        assert_eq!(load(&path, &identity("1")).unwrap().unwrap(), b"second");
        assert!(load(&path, &identity("2")).unwrap_err().to_string().contains("another run"));
        keeper.finish(true).unwrap();
        assert!(!path.exists());
    }
}
