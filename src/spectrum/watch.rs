//! How a measurement is followed and stopped.

use hesse_core::eigen::SolverEvent;
use hesse_core::estimate::EstimateEvent;
use hesse_core::operator::{Batch, DataSource};
use std::ops::Range;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Loss and gradient are being evaluated.
    Samples {
        /// Samples done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// The operator is being tested.
    SelfTest,
    /// One gradient of the finite difference is done.
    Gradient {
        /// Gradients done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Something is being measured part by part.
    Part {
        /// What, in the plural.
        what: &'static str,
        /// Parts done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Input Hessians are being measured.
    Inputs {
        /// Samples done.
        done: usize,
        /// Of so many.
        total: usize,
        /// Products made with those that are being worked on.
        products: usize,
    },
    /// The solver runs.
    Solver(SolverEvent),
    /// An estimator runs.
    Estimate {
        /// Of what.
        what: &'static str,
        /// What it does.
        event: EstimateEvent,
    },
}

/// Someone who looks on, and may end it.
pub struct Watch<'a> {
    /// Is told what is being done.
    pub observe: &'a mut dyn FnMut(Event),
    /// Is asked, before every batch, whether to stop.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

/// A data set that ends the reading when someone asks to stop, so that a long evaluation can be interrupted.
pub(crate) struct Stoppable<'a> {
    pub source: &'a dyn DataSource,
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl DataSource for Stoppable<'_> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        if (self.stop)() { Err("interrupted".to_string()) } else { self.source.batch(range) }
    }
}
