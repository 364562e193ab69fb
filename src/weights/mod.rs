//! Weights in and out: safetensors both ways, PyTorch's files for reading.
//!
//! Networks worth measuring were mostly trained elsewhere, and their weights lie in files that cannot be trusted:
//! a PyTorch checkpoint is a program for Python's pickle machine. Every file here is read as bytes of a known grammar,
//! nothing is executed, and each size that a file declares is held against the length of the file before memory is
//! taken.
//!
//! Decided against candle's readers (the weights would depend on the backend, its pickle reader knows the archive
//! layout only, and its errors do not say where), and against memory maps (they need unsafe code, and a file that
//! shrinks while mapped ends the program).

mod assign;
pub(crate) mod atomic;
mod dtype;
mod error;
mod file;
mod format;
mod prefix;
mod safetensors;
mod safetensors_write;
mod state_dict;
mod strided;
mod torch;
mod values;

#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

pub use assign::{Wanted, assign};
pub(crate) use atomic::{beside, folder_of, put, write as write_atomically};
pub use error::{Mismatch, Misshapen, Place, WeightsError};
pub use safetensors_write::write_safetensors;
pub use state_dict::StateDict;
pub use values::{TensorData, Values};

use error::Fault;
use format::Format;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads every named tensor of a file of weights: safetensors, or PyTorch's archive or older layout.
///
/// The layout is recognised by the content, not by the name. A checkpoint that keeps its state dictionary under a key
/// such as `state_dict` is looked into; names are returned as the file spells them, prefixes included (see
/// [`assign`]). Half and bfloat16 values are widened to `f32`, integers and bools to `i64`.
///
/// # Errors
/// [`WeightsError::Io`] if the file cannot be opened, [`WeightsError::Malformed`] with the place, what was expected and
/// what was found if it is none of these formats or damaged, and [`WeightsError::Foreign`] if it refers to a class
/// or function that is no tensor and no plain container.
pub fn read(path: &Path) -> Result<StateDict, WeightsError> {
    let bytes = file::load(path)?;
    let tensors = decode(&bytes).map_err(|fault| fault.in_file(path))?;
    Ok(StateDict::from_file(path, tensors))
}

fn decode(bytes: &[u8]) -> Result<Vec<(String, TensorData)>, Fault> {
    match format::recognise(bytes)? {
        Format::Safetensors => safetensors::read(bytes),
        Format::TorchArchive => torch::read_archive(bytes),
        Format::Pickle => torch::read_legacy(bytes),
    }
}

/// Reads the text that a safetensors file carries beside its tensors; PyTorch's files carry none.
///
/// Only the header is read, so this is cheap for a large file, and does not tell whether its tensors are whole.
///
/// # Errors
/// As for [`read`].
pub fn read_metadata(path: &Path) -> Result<BTreeMap<String, String>, WeightsError> {
    let start = file::load_start(path, format::NEEDED)?;
    match format::recognise(&start).map_err(|fault| fault.in_file(path))? {
        Format::Safetensors => {
            let header = file::load_start(path, safetensors::header_end(&start))?;
            safetensors::metadata(&header).map_err(|fault| fault.in_file(path))
        }
        Format::TorchArchive | Format::Pickle => Ok(BTreeMap::new()),
    }
}
