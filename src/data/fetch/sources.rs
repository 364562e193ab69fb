//! Where the sets are published, and the SHA-256 by which their files are known.
//!
//! The sums of MNIST were computed from byte-exact originals. Those of the CIFAR archives are the ones that
//! torchvision-ruby, GoMLX and MLDatasets.jl check independently of each other; the author publishes MD5 sums
//! (c32a1d4ab5d03f1284b67883e8d87530 and 03b5dce01913d631647c71ecec9e9cb8), which are too weak to check against.

use super::super::DataKind;
use std::path::{Path, PathBuf};

/// A published set.
#[derive(Debug)]
pub struct Source<'a> {
    /// Addresses that serve all files, in the order to try.
    pub bases: &'a [&'a str],
    /// The files.
    pub files: &'a [RemoteFile<'a>],
}

/// A published file.
#[derive(Debug)]
pub struct RemoteFile<'a> {
    /// Its name at the address and on disk.
    pub name: &'a str,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: &'a str,
    /// What to take out of it, for a `.tar.gz`.
    pub archive: Option<Archive<'a>>,
}

/// The useful part of an archive.
#[derive(Debug)]
pub struct Archive<'a> {
    /// The folder in the archive and on disk.
    pub folder: &'a str,
    /// The files in it and their lengths in bytes.
    pub members: &'a [(&'a str, u64)],
}

impl Archive<'_> {
    /// Where the members are put.
    pub fn paths(&self, dir: &Path) -> Vec<PathBuf> {
        self.members.iter().map(|(name, _)| dir.join(self.folder).join(name)).collect()
    }

    /// Whether all members are there at full length; each gets its name only when it is whole.
    pub fn is_unpacked(&self, dir: &Path) -> bool {
        let there = |path: PathBuf, bytes: u64| path.metadata().is_ok_and(|m| m.is_file() && m.len() == bytes);
        self.paths(dir).into_iter().zip(self.members).all(|(path, (_, bytes))| there(path, *bytes))
    }
}

/// The publication of a set, unless it is generated.
pub fn of(kind: DataKind) -> Option<Source<'static>> {
    match kind {
        DataKind::Glyphs(_) => None,
        DataKind::Mnist => Some(MNIST),
        DataKind::Cifar10 => Some(CIFAR10),
        DataKind::Cifar100 => Some(CIFAR100),
    }
}

const fn plain(name: &'static str, sha256: &'static str) -> RemoteFile<'static> {
    RemoteFile { name, sha256, archive: None }
}

/// The original address, yann.lecun.com, refuses programs; these two hold the same bytes.
const MNIST: Source<'static> = Source {
    bases: &["https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"],
    files: &[
        plain("train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        plain("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        plain("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        plain("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ],
};

const TORONTO: &[&str] = &["https://www.cs.toronto.edu/~kriz"];
const CIFAR10_BATCH: u64 = 10_000 * 3_073;
const CIFAR100_RECORD: u64 = 3_074;

const CIFAR10: Source<'static> = Source {
    bases: TORONTO,
    files: &[RemoteFile {
        name: "cifar-10-binary.tar.gz",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        archive: Some(Archive {
            folder: "cifar-10-batches-bin",
            members: &[
                ("data_batch_1.bin", CIFAR10_BATCH),
                ("data_batch_2.bin", CIFAR10_BATCH),
                ("data_batch_3.bin", CIFAR10_BATCH),
                ("data_batch_4.bin", CIFAR10_BATCH),
                ("data_batch_5.bin", CIFAR10_BATCH),
                ("test_batch.bin", CIFAR10_BATCH),
            ],
        }),
    }],
};

const CIFAR100: Source<'static> = Source {
    bases: TORONTO,
    files: &[RemoteFile {
        name: "cifar-100-binary.tar.gz",
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        archive: Some(Archive {
            folder: "cifar-100-binary",
            members: &[("train.bin", 50_000 * CIFAR100_RECORD), ("test.bin", 10_000 * CIFAR100_RECORD)],
        }),
    }],
};
