//! Which samples a study trains on and measures.

use crate::data::{DataSpec, SampleRange};
use crate::problem::parse_normalization;
use clap::Args;
use hesse_core::model::Normalization;

/// Which samples; the same flags for every study.
#[derive(Debug, Clone, Args)]
pub struct StudySampleFlags {
    /// Data set: glyphs[:OPTIONS], mnist[:DIR], cifar10[:DIR] or cifar100[:DIR] [default: some thousand glyphs, generated]
    #[arg(long, value_name = "SET[:DIR]")]
    pub data: Option<DataSpec>,
    /// Mean and deviation per channel [default: none]
    #[arg(long, value_name = "MEAN/STD", value_parser = parse_normalization)]
    pub normalize: Option<Normalization>,
    /// Samples of the train split to train on [default: all]
    #[arg(long, value_name = "A..B")]
    pub samples: Option<SampleRange>,
    /// Samples of the test split to evaluate, attack and check [default: all]
    #[arg(long, value_name = "A..B")]
    pub test_samples: Option<SampleRange>,
}

impl StudySampleFlags {
    /// The first step of the network.
    pub fn normalization(&self) -> Normalization {
        self.normalize.clone().unwrap_or_default()
    }
}
