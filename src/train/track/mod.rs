//! Curvature while training: which quantities, how often, on which samples.
//!
//! A measurement looks at the weights and changes nothing, so a run with telemetry takes the same steps as one without.
//! Everything is measured with batch norm's running statistics, on the same samples every time. λ₁ starts from the last
//! eigenvector, which is part of the checkpoint: an interrupted run measures the same bits as an undisturbed one.
//!
//! The curves lie in the run's folder as `track.csv` and `track.jsonl`, and in its report.

mod curves;
mod record;
mod tracker;

pub use record::TrackRecord;

pub(super) use curves::{CSV, JSON_LINES, write};
pub(super) use tracker::{Measured, Tracker};

use super::{TrainError, options::require};
use crate::data::SampleRange;
use std::fmt;
use std::str::FromStr;

/// Something that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Mean loss and accuracy over the tracked samples.
    Loss,
    /// ‖∇‖ of that loss.
    GradientNorm,
    /// The largest eigenvalue of its Hessian.
    Lambda1,
    /// The trace of its Hessian.
    Trace,
    /// The mean over mini-batches of gᵀHg/‖g‖².
    BatchSharpness,
}

impl Quantity {
    /// All of them, in the order of the columns.
    pub const ALL: [Quantity; 5] =
        [Quantity::Loss, Quantity::GradientNorm, Quantity::Lambda1, Quantity::Trace, Quantity::BatchSharpness];

    fn name(self) -> &'static str {
        match self {
            Quantity::Loss => "loss",
            Quantity::GradientNorm => "gradient-norm",
            Quantity::Lambda1 => "lambda1",
            Quantity::Trace => "trace",
            Quantity::BatchSharpness => "batch-sharpness",
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Quantity::ALL.into_iter().find(|quantity| quantity.name() == text.trim()).ok_or_else(|| {
            let names = Quantity::ALL.map(Quantity::name).join(", ");
            format!("expected some of {names}, found `{}`", text.escape_debug())
        })
    }
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// After so many steps.
    Steps(usize),
    /// After so many epochs.
    Epochs(usize),
}

impl Every {
    /// The same in steps.
    pub fn steps(self, steps_of_an_epoch: usize) -> usize {
        match self {
            Every::Steps(n) => n,
            Every::Epochs(n) => n.saturating_mul(steps_of_an_epoch),
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Every::Steps(n) => write!(f, "{n}steps"),
            Every::Epochs(n) => write!(f, "{n}epochs"),
        }
    }
}

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number = number.parse::<usize>().ok().filter(|&n| n > 0);
        match (number, unit.trim()) {
            (Some(n), "" | "step" | "steps") => Ok(Every::Steps(n)),
            (Some(n), "epoch" | "epochs") => Ok(Every::Epochs(n)),
            _ => Err(format!(
                "expected a number of steps or epochs such as 100 or 2epochs, found `{}`",
                text.escape_debug()
            )),
        }
    }
}

/// What is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackOptions {
    /// Which quantities.
    pub quantities: Vec<Quantity>,
    /// How often; the first time before the first step.
    pub every: Every,
    /// Which of the training samples; at most the first thousand unless given.
    pub samples: Option<SampleRange>,
}

/// Samples that are measured on where nothing else was said.
pub(super) const DEFAULT_SAMPLES: usize = 1000;

impl TrackOptions {
    /// Refuses what cannot be followed.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        let found = self.quantities.len();
        require(found > 0, "quantities to track", "at least one", found)
    }

    pub(super) fn has(&self, quantity: Quantity) -> bool {
        self.quantities.contains(&quantity)
    }

    /// One line for the run's identity.
    pub(super) fn describe(&self) -> String {
        let names: Vec<&str> = Quantity::ALL.into_iter().filter(|q| self.has(*q)).map(Quantity::name).collect();
        let samples = self.samples.map_or_else(|| format!("the first {DEFAULT_SAMPLES}"), |range| range.to_string());
        format!("{} every {} on {samples}", names.join(","), self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_steps_unless_they_say_epochs() {
        assert_eq!("100".parse(), Ok(Every::Steps(100)));
        assert_eq!("3 steps".parse(), Ok(Every::Steps(3)));
        assert_eq!("2epochs".parse::<Every>().map(|e| e.steps(7)), Ok(14));
        for text in ["0", "", "epochs", "-1", "2 days", "1.5"] {
            assert!(text.parse::<Every>().is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_are_read_by_name() {
        for quantity in Quantity::ALL {
            assert_eq!(quantity.to_string().parse(), Ok(quantity));
        }
        assert!("lambda2".parse::<Quantity>().unwrap_err().contains("lambda1, trace"));
    }
}
