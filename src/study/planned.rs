//! What a study is about to do and about how long it takes, before it does it.
//!
//! A gradient and every attack are timed once on a few samples of the untrained network; the rest is counting passes. What
//! an earlier call left counts as done where its file is there; whether its key still fits is found out later, so the
//! estimate may be too low after a change of options.

use super::StudyError;
use crate::attack::FixedSet;
use crate::data::{DataSpec, SampleRange, Split};
use crate::problem::{ProblemError, ProblemSpec, Session};
use crate::report::{bytes, seconds};
use hesse_core::attack::Norm;
use hesse_core::operator::{Evaluator, OperatorError};
use hesse_core::program::Program;
use std::fmt;
use std::time::Instant;

/// Samples that are timed.
const TIMED: usize = 32;
/// The smaller of two batches from which memory is extrapolated.
const SMALL: usize = 8;
/// Bytes of the program itself.
const PROGRAM: usize = 60 << 20;
/// Weights, gradient, momentum, and copies of them for a checkpoint in f64.
const TRAINING_VECTORS: usize = 10;

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
    /// About how many bytes one process takes at its largest piece, without intermediate results that it keeps where there is
    /// room for them.
    pub memory: usize,
    /// About how many bytes of those there are.
    pub kept: usize,
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
        let (all, memory) = (seconds(self.seconds()), bytes(self.memory));
        write!(f, "{} {all} in all in one process, which takes about {memory} of memory", about(bound))?;
        if self.kept > 0 {
            write!(f, " and up to {} for what is kept while measuring", bytes(self.kept))?;
        }
        Ok(())
    }
}

/// How many samples of a split a range has. Cost: reading the data.
pub(super) fn count(data: &DataSpec, range: SampleRange, split: Split) -> Result<usize, StudyError> {
    let whole = data.load(split).map_err(ProblemError::from)?;
    Ok(range.within(whole.len(), split).map_err(ProblemError::from)?.len())
}

/// What a process does at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Samples of one step of training.
    pub batch: usize,
    /// Whether examples are made of them.
    pub attacked: bool,
    /// Samples computed at once while measuring.
    pub measured_batch: usize,
    /// Samples measured.
    pub measured: usize,
    /// Vectors that an eigensolver keeps.
    pub columns: usize,
    /// The most bytes for kept intermediate results.
    pub budget: usize,
    /// Samples in memory.
    pub pixels: usize,
}

/// Vectors of all parameters that an eigensolver keeps for so many eigenvalues.
pub(super) fn basis(top: usize) -> usize {
    2 * top + 24
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

    /// Bytes that a process takes, for the samples and for what is larger, training or measuring; and bytes of what it keeps while
    /// measuring where it may. Working memory grows in proportion to the batch, so two small ones tell. Cost: compiling.
    pub fn memory(&self, load: Load) -> Result<[usize; 2], StudyError> {
        let (session, problem) = (&self.session, self.session.problem());
        let backend = session.backend();
        let number = backend.info().precision.bytes();
        let parameters = problem.all_parameters();
        let grown = |program: &Program, batch: usize| -> Result<usize, StudyError> {
            let at = |n: usize| -> Result<usize, OperatorError> { Ok(backend.compile(program, n)?.workspace_bytes()) };
            let (small, double) = (at(SMALL)?, at(2 * SMALL)?);
            let slope = double.saturating_sub(small) as f64 / SMALL as f64;
            Ok((small as f64 + slope * (batch as f64 - SMALL as f64)).max(0.0) as usize)
        };
        let gradient = problem.gradient(&parameters).map_err(OperatorError::from)?;
        // The gradient by the samples, of an attack, is a program of about the same size.
        let training = grown(&gradient, load.batch)? * if load.attacked { 2 } else { 1 };
        let product = problem.hessian(&parameters).map_err(OperatorError::from)?;
        let measuring = grown(&product.tangent, load.measured_batch)? + grown(&product.primal, load.measured_batch)?;
        let primal = backend.compile(&product.primal, SMALL).map_err(OperatorError::from)?;
        let kept = primal.saved_bytes() / SMALL * load.measured;
        let vectors = session.graph().parameter_count() * number;
        let training = training + vectors * TRAINING_VECTORS;
        let measuring = measuring + vectors * load.columns;
        let pixels = load.pixels * session.dataset().sample_len();
        Ok([PROGRAM + pixels + training.max(measuring), kept.min(load.budget)])
    }

    /// An attack.
    pub fn attack(&self, attack: &str, norm: Norm, epsilon: f64) -> Result<f64, StudyError> {
        let start = Instant::now();
        FixedSet::craft(&self.session, attack, norm, epsilon, &mut |_| true)
            .map_err(|cause| StudyError::Attack { cell: attack.to_string(), cause })?;
        Ok(self.each(start))
    }
}
