//! The paper's experiments from end to end.
//!
//! ```text
//! large_batch(&LargeBatchOptions, &mut Watch) -> Result<LargeBatchReport, StudyError>
//! large_batch_text(&LargeBatchReport) -> String
//! robust(&RobustOptions, &mut Watch) -> Result<RobustReport, StudyError>
//! robust_text(&RobustReport) -> String
//! saddle_free(&SaddleFreeOptions, &mut SaddleFreeWatch) -> Result<SaddleFreeReport, StudyError>
//! ```
//!
//! A study is a list of cells. Its folder holds `study.json` (the report), `table.csv`, the report as `report.html`
//! and in other forms (see [`Document`](crate::report::Document)), and for each cell a folder
//! `cell-<batch>` with the training's own files and `cell.json`. Every finished part of a cell is kept under a hash of
//! what it depends on, so that an interrupted study goes on where it was, and a changed option recomputes no more than
//! it must. What would replace a training of other options is refused, unless
//! [`force`](LargeBatchOptions::force) says otherwise.
#![forbid(unsafe_code)]

mod cell;
mod curvature;
mod document;
mod error;
mod kept;
mod large_batch;
mod options;
mod plan;
mod rank;
mod report;
mod robust;
pub mod saddle_free;
mod table;
#[cfg(test)]
mod tests;
mod watch;

pub use cell::CellReport;
pub use curvature::{CurvaturePart, Eigenvalue};
pub use document::{large_batch_document, large_batch_figure};
pub use error::StudyError;
pub use large_batch::large_batch;
pub use options::{LargeBatchOptions, RateRule};
pub use rank::spearman;
pub use report::{Correlation, LargeBatchReport, OptionsPart};
pub use robust::*;
pub use table::large_batch_text;
pub use watch::{Event, Watch};
