//! Flags of `check`.

use super::{MeasureFlags, OutputFlags};
use clap::Args;

/// Tests the second derivatives on this very problem
///
/// Symmetry, linearity and repeatability of H·v, the slope of finite differences of gradients against it, and a product
/// with v ∝ sin(1), sin(2), …, sin(n) that other programs can repeat. Exit code 1 where a test fails.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  hesse check --model m1 --data glyphs --samples 0..256 --dtype f64")]
pub struct CheckFlags {
    /// Which problem.
    #[command(flatten)]
    pub measure: MeasureFlags,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}
