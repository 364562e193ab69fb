//! What a download tells while it runs and when it is done.

use std::path::PathBuf;

/// A step of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The file is already there.
    Present {
        /// Its published name.
        file: &'a str,
    },
    /// Bytes are about to come.
    Started {
        /// The file's published name.
        file: &'a str,
        /// Where from.
        url: &'a str,
        /// Bytes kept from an earlier try.
        kept: u64,
        /// Bytes of the whole file, if the server says.
        total: Option<u64>,
    },
    /// Bytes have come.
    Received {
        /// The file's published name.
        file: &'a str,
        /// Bytes so far, with those kept from an earlier try.
        bytes: u64,
        /// Bytes of the whole file, if the server says.
        total: Option<u64>,
    },
    /// A try failed and another one follows.
    Retrying {
        /// The file's published name.
        file: &'a str,
        /// Why the try failed.
        reason: &'a str,
    },
    /// The file is whole, has the published SHA-256, and has got its name.
    Verified {
        /// The file's published name.
        file: &'a str,
    },
    /// The file is being unpacked.
    Unpacking {
        /// The archive's published name.
        file: &'a str,
    },
}

/// What a download left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// The files of the set, new and old.
    pub files: Vec<PathBuf>,
    /// Bytes that came over the network.
    pub bytes: u64,
}
