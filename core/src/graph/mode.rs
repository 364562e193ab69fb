//! Train or eval mode.

use serde::{Deserialize, Serialize};

/// Decides what batch norm and dropout do. Curvature is measured in [`Mode::Eval`] unless asked otherwise, because
/// batch statistics couple the samples of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Batch statistics, running statistics updated, dropout active.
    Train,
    /// Running statistics, no dropout.
    Eval,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mode::Train => "train",
            Mode::Eval => "eval",
        })
    }
}
