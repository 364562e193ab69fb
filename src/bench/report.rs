//! The result of `hesse bench`, as it is written.

use hesse_core::device::Accelerator;
use serde::Serialize;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Registered name.
    pub backend: String,
    /// `cpu`, `cuda:0`, …
    pub device: String,
    /// `f32` or `f64`.
    pub dtype: String,
    /// With its options.
    pub model: String,
    /// Samples at once.
    pub batch: usize,
    /// [`Operation::name`](super::Operation::name).
    pub operation: &'static str,
    /// Directions at once.
    pub columns: usize,
    /// Median over the rounds, of all directions together.
    pub seconds: f64,
    /// The fastest round.
    pub seconds_min: f64,
    /// The slowest round.
    pub seconds_max: f64,
    /// Arithmetic by [`Operation::passes`](super::Operation::passes) ÷ seconds, in 10⁹ operations per second.
    pub gflops: f64,
    /// The same as a share of the ceiling.
    pub ceiling_share: f64,
    /// Unfused traffic of the program ÷ seconds, as a share of the measured bandwidth; only for one direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth_share: Option<f64>,
    /// Bytes held, by the backend's account.
    pub peak_bytes: usize,
    /// Time ÷ that of the first row of the same network, batch, type, operation and directions.
    pub ratio: f64,
}

/// One backend on one device, and its ceilings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// Registered name.
    pub backend: String,
    /// Which device.
    pub device: String,
    /// Versions and processor features.
    pub details: String,
    /// Model, driver, memory and flags of the device; absent where it is the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<Accelerator>,
    /// Threads.
    pub threads: usize,
    /// f32 matrix product, the best seen on this device in this run, in 10⁹ operations per second.
    pub ceiling_gflops: f64,
    /// Long vector update, in 10⁹ bytes per second.
    pub bandwidth_gbytes: f64,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    /// `hesse.bench/1`.
    pub schema: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The command line.
    pub command: Vec<String>,
    /// Complete rounds.
    pub rounds: usize,
    /// The ceiling of the first machine.
    pub ceiling_gflops: f64,
    /// Where it was measured.
    pub machines: Vec<Machine>,
    /// Arithmetic of one sample's forward pass, by network, in 10⁶ operations.
    pub forward_mflops: Vec<(String, f64)>,
    /// One row for each combination.
    pub results: Vec<Figure>,
    /// Whether it was stopped before all rounds were done.
    pub interrupted: bool,
}

impl BenchReport {
    /// Fills in each row's ratio to the first row like it.
    pub(super) fn compare(&mut self) {
        let key = |f: &Figure| (f.model.clone(), f.batch, f.dtype.clone(), f.operation, f.columns);
        for i in 0..self.results.len() {
            let same = self.results.iter().find(|f| key(f) == key(&self.results[i]));
            let ratio = same.map_or(1.0, |first| self.results[i].seconds / first.seconds);
            self.results[i].ratio = ratio;
        }
    }
}
