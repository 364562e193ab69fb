//! Where a run stands, apart from the weights.

use super::{Ending, EpochRecord, TrackRecord};
use serde::{Deserialize, Serialize};

/// Position and bookkeeping; part of a checkpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The epoch that is not finished, counted from 0.
    pub epoch: usize,
    /// Steps of it that are done.
    pub step: usize,
    /// Sums over those steps.
    pub sums: Sums,
    /// Finished epochs.
    pub records: Vec<EpochRecord>,
    /// What was measured on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track: Vec<TrackRecord>,
    /// The last word, once the run has ended.
    pub end: Option<End>,
}

/// Sums over the steps of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Sums {
    pub loss: f64,
    pub weight: f64,
    pub correct: usize,
    pub samples: usize,
    #[serde(default)]
    pub robust_correct: usize,
    #[serde(default)]
    pub attacked: usize,
    /// Seconds in steps.
    pub seconds: f64,
    /// Of the last step.
    pub rate: f64,
}

/// How a run ended, with the whole training set evaluated in eval mode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    pub ending: Ending,
    pub train_loss: f64,
    pub train_accuracy: f64,
    /// The epoch whose weights were kept, counted from 1; absent in earlier versions, which kept the last.
    #[serde(default)]
    pub kept: Option<usize>,
}

impl Progress {
    /// The position among the finished epochs of the one that was best on held-back samples; of equal ones the first.
    pub fn best(&self) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (i, accuracy) in self.records.iter().enumerate().filter_map(|(i, r)| Some((i, r.validation_accuracy?))) {
            if best.is_none_or(|(_, most)| accuracy > most) {
                best = Some((i, accuracy));
            }
        }
        best.map(|(i, _)| i)
    }
}

impl Sums {
    /// The mean loss so far; zero before the first step.
    pub fn mean_loss(&self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { 0.0 }
    }

    /// The share classified correctly so far.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples.max(1) as f64
    }

    /// The share of perturbed samples classified correctly so far; none where nothing was perturbed.
    pub fn robust_accuracy(&self) -> Option<f64> {
        (self.attacked > 0).then(|| self.robust_correct as f64 / self.attacked as f64)
    }

    /// Samples per second so far.
    pub fn samples_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.samples as f64 / self.seconds } else { 0.0 }
    }
}
