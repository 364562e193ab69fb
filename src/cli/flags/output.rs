//! Where results go.

use crate::report::{Destination, ReportError};
use clap::Args;
use std::path::PathBuf;

/// Where results go.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// Write the result as JSON to FILE, or to standard output (and no table) for `-`. An earlier FILE is replaced
    /// only when the new one is complete
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl OutputFlags {
    /// Prepares the place, so that one that cannot be written is found before the work.
    ///
    /// # Errors
    /// As [`Destination::prepare`].
    pub fn prepare(&self) -> Result<Option<Destination>, ReportError> {
        self.json.as_deref().map(Destination::prepare).transpose()
    }
}
