//! How a study is followed and stopped.

use crate::{spectrum, train};
use std::time::Instant;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A cell begins.
    Cell {
        /// Its name.
        name: &'a str,
        /// Its number, counted from 1.
        number: usize,
        /// Of so many.
        of: usize,
    },
    /// The network of the cell is being trained.
    Train(train::Event<'a>),
    /// Curvature is being measured.
    Curvature {
        /// Of what: `train`, `320 samples`.
        of: &'a str,
        /// How far it is.
        event: spectrum::Event,
    },
    /// Samples are being attacked or evaluated.
    Samples {
        /// What is done with them.
        what: &'a str,
        /// How many are done.
        done: usize,
        /// Of so many.
        total: usize,
    },
}

/// Someone who looks on, and may end it.
pub struct Watch<'a> {
    /// Is told what is being done.
    pub observe: &'a mut dyn FnMut(Event<'_>),
    /// Is asked before every step and every batch whether to stop. Then the study ends with
    /// [`StudyError::Interrupted`](super::StudyError::Interrupted) and keeps what is done.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
    /// When the work began, for the time that a report states: other processes may have done most of it before.
    pub since: Instant,
}
