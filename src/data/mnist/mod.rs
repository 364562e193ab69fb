//! MNIST and everything in its layout: four IDX files, packed or not, under the names they were published with.
//!
//! The names vary by who unpacked them (`-idx3-ubyte` or `.idx3-ubyte`, `.gz` or not) and the folder by who downloaded
//! them (torchvision makes `MNIST/raw`), so all of these are looked for, in that order.

mod idx;

use super::error::Flaw;
use super::file::{self, Contents};
use super::{DataError, Dataset, Split};
use std::path::{Path, PathBuf};

const SIDE: usize = 28;
const CLASSES: u8 = 10;

/// Reads a split of MNIST from `dir` or `dir/MNIST/raw`.
///
/// # Errors
/// [`DataError::Missing`], [`DataError::Format`] or [`DataError::Io`].
pub fn load(dir: &Path, split: Split) -> Result<Dataset, DataError> {
    let (prefix, official) = match split {
        Split::Train => ("train", 60_000),
        Split::Test => ("t10k", 10_000),
    };
    let [images, labels] = locate(dir, prefix)?;
    let (images, labels) = (file::read_unpacked(&images)?, file::read_unpacked(&labels)?);
    let count = idx::pictures(&images.bytes, SIDE).map_err(|flaw| images.flaw(flaw))?;
    let classes = idx::labels(&labels.bytes, CLASSES).map_err(|flaw| labels.flaw(flaw))?;
    if classes.len() != count {
        let expected = format!("{count} labels, one for each picture of {}", images.path.display());
        return Err(labels.flaw(Flaw::new(idx::COUNT_AT, expected, classes.len().to_string())));
    }
    Ok(Dataset {
        name: "mnist".into(),
        split,
        channels: 1,
        height: SIDE,
        width: SIDE,
        classes: usize::from(CLASSES),
        labels: classes.iter().map(|&class| u32::from(class)).collect(),
        images: pixels(images),
        notices: file::count_notice("mnist", split, count, official).into_iter().collect(),
        class_names: (0..CLASSES).map(|digit| digit.to_string()).collect(),
    })
}

/// Drops the header in place: the pictures are most of the memory.
fn pixels(mut contents: Contents) -> Vec<u8> {
    contents.bytes.drain(..idx::PICTURES_AT.min(contents.bytes.len()));
    contents.bytes
}

/// The file of pictures and the file of labels.
fn locate(dir: &Path, prefix: &str) -> Result<[PathBuf; 2], DataError> {
    let folders = [dir.to_owned(), dir.join("MNIST").join("raw")];
    let find = |what: &str, format: &str| {
        let names = ["-", "."].map(|joint| format!("{prefix}-{what}{joint}{format}-ubyte"));
        let names = names.map(|name| [format!("{name}.gz"), name]).concat();
        let paths = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        paths.into_iter().find(|path| path.is_file()).ok_or_else(|| missing(dir, &names))
    };
    Ok([find("images", "idx3")?, find("labels", "idx1")?])
}

fn missing(dir: &Path, names: &[String]) -> DataError {
    DataError::Missing {
        data: "mnist".into(),
        dir: dir.to_owned(),
        expected: format!("{} (there or in its subfolder MNIST/raw)", names.join(" or ")),
        found: if dir.is_dir() { "none of them" } else { "no such folder" }.into(),
        mend: file::mend("mnist", dir),
    }
}

#[cfg(test)]
mod tests;
