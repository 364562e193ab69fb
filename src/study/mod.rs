//! The paper's experiments from end to end.
//!
//! ```text
//! large_batch(&LargeBatchOptions, &mut Watch) -> Result<LargeBatchReport, StudyError>
//! large_batch_text(&LargeBatchReport) -> String
//! robust(&RobustOptions, &mut Watch) -> Result<RobustReport, StudyError>
//! robust_text(&RobustReport) -> String
//! saddle_free(&SaddleFreeOptions, &mut Watch) -> Result<SaddleFreeReport, StudyError>
//! ```
//!
//! A study is a list of cells, each with a folder. Every finished part of a cell is kept under a hash of what it depends
//! on, so that an interrupted study goes on where it was, and a changed option recomputes no more than it must. At the end
//! there is `study.json` (the result), `table.csv`, and the report as `report.html` and in other forms (see
//! [`Document`](crate::report::Document)).
#![forbid(unsafe_code)]

mod curvature;
mod error;
mod evaluation;
#[cfg(test)]
mod fixture;
mod kept;
mod large_batch;
mod manifest;
mod piece;
mod planned;
mod publish;
mod rank;
mod robust;
pub mod saddle_free;
#[cfg(test)]
mod test_support;
mod watch;

pub use curvature::{CurvaturePart, Eigenvalue};
pub use error::StudyError;
pub use large_batch::*;
pub use piece::Piece;
pub use planned::{PlannedCell, StudyPlan};
pub use rank::spearman;
pub use robust::*;
pub use watch::{Event, Watch};
