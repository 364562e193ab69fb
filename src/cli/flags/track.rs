//! Which curves to record while training.

use crate::data::SampleRange;
use crate::train::{Every, Quantity, TrackOptions};
use clap::Args;

/// What is followed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Telemetry")]
pub struct TrackFlags {
    /// Quantities to measure while training, comma-separated: loss, gradient-norm, lambda1 (largest eigenvalue of the
    /// Hessian), trace, batch-sharpness. The curves go to track.csv and track.jsonl in --out
    #[arg(long, value_name = "QUANTITY,…", value_delimiter = ',')]
    pub track: Vec<Quantity>,
    /// How often to measure: steps, or epochs as in `2epochs`
    #[arg(long, value_name = "N[epochs]", default_value = "1epochs", requires = "track")]
    pub every: Every,
    /// Training samples to measure on, half-open and in file order; the first 1000 unless given
    #[arg(long, value_name = "A..B", requires = "track")]
    pub track_samples: Option<SampleRange>,
}

impl TrackFlags {
    /// What the flags ask for.
    pub fn options(&self) -> Option<TrackOptions> {
        let options =
            || TrackOptions { quantities: self.track.clone(), every: self.every, samples: self.track_samples };
        (!self.track.is_empty()).then(options)
    }
}
