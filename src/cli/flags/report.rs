//! Flags of `report`.

use clap::Args;
use std::path::PathBuf;

/// Makes report.html, report.md, tables and pictures of a study again from its report.json
#[derive(Debug, Clone, Args)]
pub struct ReportFlags {
    /// Show landscapes also as surfaces that can be turned, by a script within report.html
    #[arg(long)]
    pub interactive: bool,
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
