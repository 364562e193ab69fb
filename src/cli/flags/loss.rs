//! What is minimised.

use super::parse;
use clap::{Args, ValueEnum};
use hesse_core::loss::Loss;

/// Which loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LossName {
    /// −log p of the label, the mean over samples
    CrossEntropy,
    /// (z − e)² against the one-hot vector of the label, the mean over all entries
    SquaredError,
}

/// What is minimised.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Loss")]
pub struct LossFlags {
    /// Loss function
    #[arg(long, value_name = "LOSS", default_value = "cross-entropy")]
    pub loss: LossName,
    /// Share of the target that is spread evenly over all classes
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = parse::share)]
    pub label_smoothing: f64,
    /// One weight for each class, comma-separated; all equal unless given
    #[arg(long, value_name = "W,W,…", value_delimiter = ',', value_parser = parse::not_negative)]
    pub class_weights: Option<Vec<f64>>,
    /// Samples with this label count for nothing
    #[arg(long, value_name = "CLASS")]
    pub ignored_label: Option<u32>,
}

impl LossFlags {
    /// The loss that the flags describe.
    ///
    /// # Errors
    /// Where options of the cross-entropy are given for another loss.
    pub fn loss(&self) -> Result<Loss, String> {
        let LossFlags { loss, label_smoothing, class_weights, ignored_label } = self.clone();
        match loss {
            LossName::CrossEntropy => Ok(Loss::CrossEntropy { label_smoothing, class_weights, ignored_label }),
            LossName::SquaredError if label_smoothing == 0.0 && class_weights.is_none() && ignored_label.is_none() => {
                Ok(Loss::SquaredErrorOneHot)
            }
            LossName::SquaredError => Err("--label-smoothing, --class-weights and --ignored-label belong to \
                                           --loss cross-entropy; leave them out for squared-error"
                .to_string()),
        }
    }
}
