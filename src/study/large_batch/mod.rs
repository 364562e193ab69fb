//! Does training with large batches end where the loss is sharper and the network more easily fooled? The paper's first
//! question (its Tables 1, 2 and 7, Figures 1 to 4).
//!
//! The same network is trained with several batch sizes until the same training loss, everything else alike, with several
//! seeds, plainly and against perturbed inputs. There the spectrum of the Hessian in the weights, the Hessians of the
//! samples in the input, and the accuracy under attack are measured on training and test samples; for the first seed also
//! the loss along the dominant eigenvectors and the curvature while training. Known limits, which the tables let one see: a
//! run stops at the end of an epoch, so a small batch may end below the target; and with one learning rate for all, the
//! batch size is confounded with the ratio of the two, which is what [`RateRule::Linear`] is for.
//!
//! A study is a list of cells, one for each training. The folder holds `study.json` (the report as data), `table.csv`, the
//! report (`report.html` and its other forms, see [`Document`](crate::report::Document)), and for each cell a folder
//! `cell-<batch>-<variant>-<seed>` with the training's own files and every measurement under a hash of what it depends on.
//! So an interrupted study goes on where it was, and a changed option recomputes no more than it must. What would replace a
//! training of other options is refused, unless [`force`](LargeBatchOptions::force) says otherwise.
//!
//! Robust and plain networks stop at the same loss on the same *clean* samples. Decided against stopping at the robust
//! objective: λ₁ falls with the loss, and a robust network whose clean loss is far lower would look flat for that reason
//! alone.

mod answer;
mod attacked;
mod cell;
mod csv;
mod document;
mod estimate;
mod group;
mod inputs;
mod landscape;
mod method;
mod options;
mod paper;
mod pictures;
#[cfg(test)]
mod pictures_tests;
mod pieces;
mod plan;
mod quantity;
mod report;
mod run;
mod shard;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod trend;

pub use attacked::AttackedPart;
pub use cell::{CellReport, Variant};
pub use document::large_batch_document;
pub use estimate::large_batch_plan;
pub use group::{Group, Statistic};
pub use inputs::InputPart;
pub use landscape::{LossPoint, Plane};
pub use method::*;
pub use options::{LargeBatchOptions, RateRule};
pub use pictures::large_batch_figure;
pub use pieces::{large_batch_piece, large_batch_pieces};
pub use quantity::Expected;
pub use report::{Correlation, LargeBatchReport, OptionsPart};
pub use run::large_batch;
pub use shard::{Shard, ShardReport, large_batch_shard, merge_shards};
pub use text::large_batch_text;
pub use trend::{Prediction, Ratio, Trend};
