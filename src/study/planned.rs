//! What a study is about to do and about how long it takes, before it does it.
//!
//! A gradient and every attack are timed once on a few samples of the untrained network; the rest is counting passes. What
//! an earlier call left counts as done where its file is there; whether its key still fits is found out later, so the
//! estimate may be too low after a change of options.

use super::StudyError;
use crate::attack::FixedSet;
use crate::data::{DataSpec, SampleRange, Split};
use crate::problem::{ProblemError, ProblemSpec, Session};
use crate::report::seconds;
use hesse_core::attack::Norm;
use hesse_core::operator::Evaluator;
use std::fmt;
use std::time::Instant;

/// Samples that are timed.
const TIMED: usize = 32;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCell {
    /// What.
    pub name: String,
    /// About how many seconds, or at most so many; 0 where it is done.
    pub seconds: f64,
    /// Whether it may end earlier, such as a training that stops at a loss.
    pub at_most: bool,
    /// Whether its file is there.
    pub done: bool,
}

/// Everything to do.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyPlan {
    /// In order.
    pub cells: Vec<PlannedCell>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl StudyPlan {
    /// Seconds of what is not done.
    pub fn seconds(&self) -> f64 {
        self.cells.iter().map(|cell| cell.seconds).sum()
    }
}

impl fmt::Display for StudyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = |bound: bool| if bound { "at most" } else { "about" };
        for cell in &self.cells {
            let time = format!("{} {}", about(cell.at_most), seconds(cell.seconds));
            writeln!(f, "  {}: {}", cell.name, if cell.done { "there already".to_string() } else { time })?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        let bound = self.cells.iter().any(|cell| cell.at_most && !cell.done);
        write!(f, "{} {} in all", about(bound), seconds(self.seconds()))
    }
}

/// How many samples of a split a range has. Cost: reading the data.
pub(super) fn count(data: &DataSpec, range: SampleRange, split: Split) -> Result<usize, StudyError> {
    let whole = data.load(split).map_err(ProblemError::from)?;
    Ok(range.within(whole.len(), split).map_err(ProblemError::from)?.len())
}

/// Seconds of one sample, measured on the first ones.
pub(super) struct Timer {
    session: Session,
    samples: usize,
}

impl Timer {
    /// On some of the `available` samples of a problem, whose weights are left as they are initially.
    pub fn new(spec: ProblemSpec, available: usize) -> Result<Self, StudyError> {
        let n = TIMED.min(available);
        let samples = SampleRange::new(0, Some(n)).map_err(ProblemError::from)?;
        let session = Session::open(ProblemSpec { weights: None, samples, batch: n, ..spec })?;
        Ok(Timer { session, samples: n })
    }

    fn each(&self, start: Instant) -> f64 {
        start.elapsed().as_secs_f64() / self.samples.max(1) as f64
    }

    /// A forward pass: a third of a gradient.
    pub fn pass(&self) -> Result<f64, StudyError> {
        let session = &self.session;
        let wrt = session.problem().all_parameters();
        let mut evaluator = Evaluator::new(session.backend(), session.problem(), Some(&wrt), self.samples)?;
        let mut found = 0.0;
        // The first round compiles.
        for _ in 0..2 {
            let start = Instant::now();
            evaluator.run(session.weights(), session.source(), &mut |_| {})?;
            found = self.each(start) / 3.0;
        }
        Ok(found)
    }

    /// An attack.
    pub fn attack(&self, attack: &str, norm: Norm, epsilon: f64) -> Result<f64, StudyError> {
        let start = Instant::now();
        FixedSet::craft(&self.session, attack, norm, epsilon, &mut |_| true)
            .map_err(|cause| StudyError::Attack { cell: attack.to_string(), cause })?;
        Ok(self.each(start))
    }
}
