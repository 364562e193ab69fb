//! PyTorch's layout since 1.6: a zip archive with a pickle `…/data.pkl` and a record `…/data/KEY` for each storage.
//!
//! Records must be stored as they are, which PyTorch always does: a compressed record can declare a thousand times the
//! file's length. Decided against reading past a wrong checksum, which PyTorch does: weights with flipped bits look
//! like weights.

use super::Storages;
use super::names;
use super::tensor::StorageRef;
use crate::pickle::{self, shown};
use crate::weights::error::Fault;
use crate::weights::values::TensorData;
use std::collections::HashMap;
use std::io::{self, Cursor};
use std::ops::Range;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Reads every named tensor.
pub(in crate::weights) fn read(bytes: &[u8]) -> Result<Vec<(String, TensorData)>, Fault> {
    let archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| Fault::new("a whole zip archive", format!("a broken one: {error} (cut off or damaged?)")))?;
    let folder = folder(&archive)?;
    let mut records = Records { bytes, archive, folder, checked: HashMap::new(), left: bytes.len() as u64 };
    if let Some(order) = records.optional("byteorder")?
        && order != b"little"
    {
        let found = format!("`{}`", shown(&String::from_utf8_lossy(order)));
        return Err(Fault::new("`little` for the byte order", found).in_record("byteorder"));
    }
    let name = format!("{}data.pkl", records.folder);
    let data = records.record("data.pkl")?;
    let tree = pickle::parse(data, 0, &names::allowed).map_err(|error| Fault::from(error).in_record(&name))?.tree;
    super::tensors(&tree, &mut records, bytes.len()).map_err(|fault| fault.in_record(&name))
}

/// The folder that holds the pickle, with a slash at its end, or nothing.
fn folder(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<String, Fault> {
    let names = || archive.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok());
    let folders = || names().filter_map(|name| name.strip_suffix("data.pkl"));
    let mut found = folders().filter(|folder| folder.is_empty() || folder.ends_with('/'));
    match (found.next(), found.next()) {
        (Some(folder), None) => Ok(folder.to_owned()),
        (Some(first), Some(second)) => Err(Fault::new(
            "one record `data.pkl`",
            format!("`{}data.pkl` and `{}data.pkl`", shown(first), shown(second)),
        )),
        (None, _) => {
            let some: Vec<String> = names().take(3).map(|name| format!("`{}`", shown(name))).collect();
            let found =
                if some.is_empty() { "an empty one".to_owned() } else { format!("one of {}, …", some.join(", ")) };
            Err(Fault::new("a zip archive with the record `data.pkl`, as torch.save writes", found))
        }
    }
}

struct Records<'b> {
    bytes: &'b [u8],
    archive: ZipArchive<Cursor<&'b [u8]>>,
    folder: String,
    /// Where the records lie whose checksum is right.
    checked: HashMap<String, Range<usize>>,
    /// Bytes that may still be checked. Records that overlap could otherwise make the work quadratic.
    left: u64,
}

impl<'b> Records<'b> {
    fn record(&mut self, name: &str) -> Result<&'b [u8], Fault> {
        let record = self.optional(name)?;
        record.ok_or_else(|| Fault::new(format!("a record `{}{}`", self.folder, shown(name)), "none"))
    }

    /// The bytes of a record by its name within the folder, if there is one.
    fn optional(&mut self, name: &str) -> Result<Option<&'b [u8]>, Fault> {
        if !self.checked.contains_key(name) {
            let full = format!("{}{name}", self.folder);
            match self.locate(&full).map_err(|fault| fault.in_record(&full))? {
                Some(range) => self.checked.insert(name.to_owned(), range),
                None => return Ok(None),
            };
        }
        Ok(self.checked.get(name).and_then(|range| self.bytes.get(range.clone())))
    }

    fn locate(&mut self, full: &str) -> Result<Option<Range<usize>>, Fault> {
        let broken = |error: &dyn std::fmt::Display| Fault::new("a sound record", format!("a broken one: {error}"));
        let mut file = match self.archive.by_name(full) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        };
        if file.compression() != CompressionMethod::Stored {
            let found = format!("one compressed by {}", file.compression());
            return Err(Fault::new("a record stored uncompressed, as torch.save does", found));
        }
        let size = file.size();
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            Fault::new(format!("records of {} bytes in all at most, the file's length", self.bytes.len()), "more")
        })?;
        let start = file.data_start().and_then(|start| usize::try_from(start).ok());
        let end = start.and_then(|start| start.checked_add(usize::try_from(size).ok()?));
        let range = start.zip(end).map(|(start, end)| start..end);
        let range = range.filter(|range| self.bytes.get(range.clone()).is_some()).ok_or_else(|| {
            Fault::new(format!("{size} bytes within the file"), "fewer (the file is cut off or damaged)")
        })?;
        // Reading to the end compares the checksum; the bytes themselves are then used where they lie.
        let read = io::copy(&mut file, &mut io::sink()).map_err(|error| match error.to_string() {
            text if text.contains("checksum") => Fault::new(
                "bytes that match the record's checksum",
                "others (damaged, or saved with PyTorch's checksums switched off)",
            ),
            text => broken(&text),
        })?;
        if read != size {
            return Err(Fault::new(format!("{size} bytes"), read.to_string()));
        }
        Ok(Some(range))
    }
}

impl Storages for Records<'_> {
    fn bytes(&mut self, storage: &StorageRef<'_>) -> Result<&[u8], Fault> {
        let name = format!("data/{}", storage.key);
        let length = storage.byte_length()?;
        let bytes = self.record(&name)?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        let fault = Fault::new(format!("{length} bytes ({} elements)", storage.elements), bytes.len().to_string());
        Err(fault.in_record(&format!("{}{name}", self.folder)))
    }
}
