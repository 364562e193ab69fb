//! Which files hold a split, and in which of the two layouts.
//!
//! A layout counts only when all its files are there: four of the five training batches would give a set that looks
//! whole and is not.

use super::super::{DataError, Split, file};
use super::Variant;
use std::path::{Path, PathBuf};

/// How the pictures are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Records of label bytes and pixels.
    Binary,
    /// A pickled dictionary.
    Python,
}

/// The files of a split, in the order of its samples.
#[derive(Debug)]
pub struct Files {
    pub layout: Layout,
    pub paths: Vec<PathBuf>,
}

/// The folder that the official archive makes.
fn folder(variant: Variant, layout: Layout) -> &'static str {
    match (variant, layout) {
        (Variant::Ten, Layout::Binary) => "cifar-10-batches-bin",
        (Variant::Ten, Layout::Python) => "cifar-10-batches-py",
        (Variant::Hundred, Layout::Binary) => "cifar-100-binary",
        (Variant::Hundred, Layout::Python) => "cifar-100-python",
    }
}

fn names(variant: Variant, split: Split, layout: Layout) -> Vec<String> {
    let end = match layout {
        Layout::Binary => ".bin",
        Layout::Python => "",
    };
    match (variant, split) {
        (Variant::Ten, Split::Train) => (1..=5).map(|batch| format!("data_batch_{batch}{end}")).collect(),
        (Variant::Ten, Split::Test) => vec![format!("test_batch{end}")],
        (Variant::Hundred, Split::Train) => vec![format!("train{end}")],
        (Variant::Hundred, Split::Test) => vec![format!("test{end}")],
    }
}

/// Finds the files of a split in `dir` or in an official folder inside it.
pub fn locate(variant: Variant, dir: &Path, split: Split) -> Result<Files, DataError> {
    // The nearest miss makes the best message: if four batches are there, the fifth is what to name.
    let mut nearest: Option<(usize, PathBuf, Vec<String>)> = None;
    for layout in [Layout::Binary, Layout::Python] {
        let names = names(variant, split, layout);
        for place in [dir.to_owned(), dir.join(folder(variant, layout))] {
            let (there, absent): (Vec<_>, Vec<_>) = names.iter().cloned().partition(|name| place.join(name).is_file());
            if absent.is_empty() {
                let paths = names.iter().map(|name| place.join(name)).collect();
                return Ok(Files { layout, paths });
            }
            if nearest.as_ref().is_none_or(|(best, ..)| there.len() > *best) {
                nearest = Some((there.len(), place, absent));
            }
        }
    }
    let (found, place, absent) = nearest.unwrap_or_default();
    let (place, expected, found) = if found > 0 {
        (place, absent.join(", "), format!("only {found} of the {split} files"))
    } else {
        let [binary, python] = [Layout::Binary, Layout::Python].map(|layout| {
            format!("{} (there or in {})", names(variant, split, layout).join(", "), folder(variant, layout))
        });
        let found = if dir.is_dir() { "neither" } else { "no such folder" };
        (dir.to_owned(), format!("{binary} or {python}"), found.into())
    };
    let mend = file::mend(variant.name(), dir);
    Err(DataError::Missing { data: variant.name().into(), dir: place, expected, found, mend })
}
