//! Downloading the published files of a set, once, and only when asked.
//!
//! Every file is checked against its published SHA-256 before it gets its name, so a file with its final name is whole.
//! What arrives is kept in `NAME.part` and continued, also by the next run. A file of the same name but other contents
//! is never replaced: it may be the user's own.
//!
//! Progress goes to a closure and not to a terminal, because tools that embed this module have their own.

mod download;
mod report;
mod sources;
mod transfer;
mod unpack;

pub use report::{FetchReport, Progress};

use super::{DataError, DataKind};
use download::Downloader;
use sources::Source;
use std::fs;
use std::path::Path;

/// How to download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchOptions {
    /// An address to use in place of the official ones, such as a mirror in the same building:
    /// the file `train-images-idx3-ubyte.gz` is then read from `<base>/train-images-idx3-ubyte.gz`.
    /// The contents must be the same; they are checked all the same.
    pub base: Option<String>,
}

/// Downloads the files of a set into `dir`, which is made if needed, and unpacks those that are archives.
/// Files that are already there are left alone.
///
/// # Errors
/// [`DataError::Download`] if a server cannot be reached or refuses, [`DataError::Checksum`] if the contents are not
/// the published ones, [`DataError::Io`] if they cannot be written, [`DataError::Option`] for a set that has no files.
pub fn fetch(
    kind: DataKind,
    dir: &Path,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<FetchReport, DataError> {
    let Some(source) = sources::of(kind) else {
        return Err(DataError::Option {
            operation: "downloading a data set",
            expected: "`mnist`, `cifar10` or `cifar100`".into(),
            found: format!("`{}`, which is generated and needs no file", kind.name()),
        });
    };
    let bases: Vec<&str> = match &options.base {
        Some(base) => vec![base],
        None => source.bases.to_vec(),
    };
    fetch_from(&source, &bases, dir, &Downloader::new(), progress)
}

fn fetch_from(
    source: &Source<'_>,
    bases: &[&str],
    dir: &Path,
    downloader: &Downloader,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<FetchReport, DataError> {
    fs::create_dir_all(dir).map_err(DataError::io("making the folder", dir))?;
    let mut report = FetchReport::default();
    for file in source.files {
        let target = dir.join(file.name);
        if let Some(archive) = &file.archive {
            let unpacked = archive.paths(dir);
            if !archive.is_unpacked(dir) {
                report.bytes += downloader.file(bases, file, &target, progress)?;
                progress(Progress::Unpacking { file: file.name });
                unpack::unpack(&target, archive, dir)?;
                fs::remove_file(&target).map_err(DataError::io("removing the unpacked archive", &target))?;
            } else {
                progress(Progress::Present { file: file.name });
            }
            report.files.extend(unpacked);
        } else {
            report.bytes += downloader.file(bases, file, &target, progress)?;
            report.files.push(target);
        }
    }
    Ok(report)
}

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
