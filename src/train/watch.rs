//! How a training run is followed and stopped.

use super::{EpochRecord, TrackRecord};
use crate::data::Split;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A checkpoint of the same run was found; it goes on from there. Counted from 0.
    Resumed {
        /// The epoch that is not finished.
        epoch: usize,
        /// Steps of it that are done.
        step: usize,
    },
    /// One step is done.
    Step {
        /// This epoch, counted from 1.
        epoch: usize,
        /// The most epochs.
        epochs: usize,
        /// Steps done in this epoch.
        step: usize,
        /// Of so many.
        steps: usize,
        /// Mean loss of this epoch so far.
        loss: f64,
        /// Share of this epoch's samples so far that were classified correctly before the step on them.
        accuracy: f64,
        /// Share of this epoch's perturbed samples so far that were classified correctly; none without any.
        robust_accuracy: Option<f64>,
        /// Samples trained on per second in this epoch, evaluations apart.
        samples_per_second: f64,
        /// The learning rate of the step.
        rate: f64,
    },
    /// A split is being evaluated.
    Evaluating {
        /// Which.
        split: Split,
        /// Samples done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Curvature is being measured.
    Tracking,
    /// Curvature has been measured.
    Tracked(&'a TrackRecord),
    /// An epoch is done.
    Epoch(&'a EpochRecord),
    /// A checkpoint is on the disk.
    Saved,
}

/// Someone who looks on, and may end it.
pub struct Watch<'a> {
    /// Is told what is being done.
    pub observe: &'a mut dyn FnMut(Event<'_>),
    /// Is asked before every step whether to stop. Then a checkpoint is written, and the run ends with
    /// [`TrainError::Interrupted`](super::TrainError::Interrupted).
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}
