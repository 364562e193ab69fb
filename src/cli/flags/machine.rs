//! Where and how to compute.

use super::parse;
use crate::problem::BackendSpec;
use clap::Args;
use hesse_core::vectors::Precision;

/// Where and how to compute.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineFlags {
    /// Backend that computes; `hesse backends` lists them
    #[arg(long, value_name = "NAME", default_value = "candle")]
    pub backend: String,
    /// Device of the backend: cpu, cuda or cuda:N; behind a cuda device, +tf32 and +nondeterministic allow both
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: String,
    /// Compute type: f32 (fast) or f64 (exact to many digits)
    #[arg(long, value_name = "f32|f64", default_value = "f32", value_parser = parse::precision)]
    pub dtype: Precision,
    /// Threads that compute; all cores unless given. Results do not depend on it beyond rounding
    #[arg(long, value_name = "N", value_parser = parse::threads)]
    pub threads: Option<usize>,
    /// Seed of every random choice; the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub seed: u64,
}

impl MachineFlags {
    /// The machine that the flags name.
    pub fn backend(&self) -> BackendSpec {
        BackendSpec {
            name: self.backend.clone(),
            device: self.device.clone(),
            precision: self.dtype,
            threads: self.threads,
        }
    }
}
