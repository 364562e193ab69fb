//! Is robust training a method for large batches? The paper's Table 3.
//!
//! With batches so large that an epoch has few steps, a network is trained in three ways: plainly at the rate of the smallest
//! batch, at a rate in proportion to the batch size after a warm-up (Goyal et al., arXiv:1706.02677), and against perturbed
//! inputs at the first rate. All have the same number of epochs, and stop before it where the loss on the clean samples
//! comes down to the target. Compared are test accuracy, epochs, λ₁ and accuracy under attack.
//!
//! The cells are those of the study of large batches, in a folder and under keys of the same kind. A training whose loss is no
//! longer finite, as a scaled rate may well bring about, is a result here and no failure.
//!
//! The paper gives neither rates nor epochs for this table, and its caption calls it analysis and not a claim of a better
//! method.

mod answer;
mod csv;
mod document;
mod options;
mod pictures;
mod report;
mod run;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub use document::large_batch_method_document;
pub use pictures::large_batch_method_figure;
pub use report::{LargeBatchMethodReport, MethodCell};
pub use run::{large_batch_method, large_batch_method_piece, large_batch_method_pieces, large_batch_method_plan};
pub use text::large_batch_method_text;
