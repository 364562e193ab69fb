//! A picture of the result.

use crate::plot::{PictureFile, PlotError, Theme};
use clap::Args;
use std::path::PathBuf;

/// A picture of the result.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct PlotFlags {
    /// Draw the result to FILE, which ends with .svg or .png
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Page of the picture: light, dark, or auto (an SVG that follows the reader's screen; a PNG is light then)
    #[arg(long, value_name = "light|dark|auto", default_value_t)]
    pub plot_theme: Theme,
}

impl PlotFlags {
    /// Checks name and place, so that a wrong one is found before the work.
    ///
    /// # Errors
    /// As [`PictureFile::prepare`].
    pub fn prepare(&self) -> Result<Option<PictureFile>, PlotError> {
        self.plot.as_deref().map(|path| PictureFile::prepare(path, self.plot_theme)).transpose()
    }
}
