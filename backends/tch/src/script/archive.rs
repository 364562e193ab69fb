//! TorchScript files by their contents.

use crate::shim::{Outcome, Script};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tch::Device;

/// What graphs call the system that runs such files.
pub(crate) const SYSTEM: &str = "torchscript";

/// Where files lie, by SHA-256. Their contents are read again when a program is compiled: they can be large, and weights
/// are given apart.
static KNOWN: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

/// A file that has been read.
pub(super) struct Archive {
    file: PathBuf,
    bytes: Vec<u8>,
    pub digest: String,
}

impl Archive {
    pub fn read(file: impl AsRef<Path>) -> Outcome<Self> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
        let digest = Sha256::digest(&bytes).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
            text
        });
        // A later change of the current folder must not lead elsewhere.
        let file = std::path::absolute(file).map_err(|error| error.to_string())?;
        Ok(Archive { file, bytes, digest })
    }

    /// The module, in f32 or in f64, for a device.
    pub fn script(&self, twice: bool, device: Device) -> Outcome<Script> {
        Script::open(&self.bytes, twice, device).map_err(|cause| match cause.split_once("unreadable: ") {
            Some((_, why)) => format!(
                "no TorchScript file that libtorch can read ({}); torch.jit.script(model.eval()).save(FILE) writes one, \
                 and a state dict alone goes to --weights of a built-in model",
                why.split(". ").next().unwrap_or(why)
            ),
            None => cause,
        })
    }

    /// Lets graphs that name this file by its hash find it.
    pub fn remember(&self) {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_default().insert(self.digest.clone(), self.file.clone());
    }
}

/// Opens the module of a file that a model was made of.
pub(crate) fn open(digest: &str, twice: bool, device: Device) -> Outcome<Script> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let file = known.as_ref().and_then(|k| k.get(digest)).cloned();
    drop(known);
    let Some(file) = file else {
        return Err(format!("no TorchScript file of SHA-256 {digest} is known; make the model torchscript:FILE first"));
    };
    let archive = Archive::read(&file).map_err(|cause| format!("{}: {cause}", file.display()))?;
    if archive.digest != digest {
        return Err(format!("{}: the file has changed since it was first read", file.display()));
    }
    archive.script(twice, device)
}
