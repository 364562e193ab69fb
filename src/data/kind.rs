//! The data sets by name. One list, so that an unknown name can be answered with the known ones.

use super::GlyphOptions;
use std::fmt;

/// A data set, without the place its files are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DataKind {
    /// Digit shapes generated in the program; needs no file.
    Glyphs(GlyphOptions),
    /// Handwritten digits, 28×28, grey; 60,000 train, 10,000 test.
    Mnist,
    /// Colour photographs in ten classes, 32×32; 50,000 train, 10,000 test.
    Cifar10,
    /// Colour photographs in a hundred classes, 32×32; 50,000 train, 10,000 test.
    Cifar100,
}

impl DataKind {
    /// The set's name on the command line and in results.
    pub fn name(&self) -> &'static str {
        match self {
            DataKind::Glyphs(_) => "glyphs",
            DataKind::Mnist => "mnist",
            DataKind::Cifar10 => "cifar10",
            DataKind::Cifar100 => "cifar100",
        }
    }
}

impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
