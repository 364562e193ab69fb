//! One cell: a network trained with one batch size, and the curvature of its loss on train and test samples.
//!
//! The training keeps its own checkpoints. The curvature of each split is kept in `cell.json` under a key, a hash of
//! what it depends on; a part with the right key is taken as it is.

use super::plan::{self, CELL};
use super::{Event, LargeBatchOptions, StudyError, Watch};
use crate::data::Split;
use crate::problem::Session;
use crate::report::write_json;
use crate::spectrum::{self, SpectrumError};
use crate::train::{self, TrainError, TrainReport};
use hesse_core::eigen::{EigenPair, StopReason};
use serde::{Deserialize, Serialize};
use std::path::Path;

const SCHEMA: &str = "hesse.study.cell/1";

/// One eigenvalue with what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalue {
    /// The eigenvalue.
    pub value: f64,
    /// ‖Hv − λv‖ / |λ₁|.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
}

impl From<&EigenPair> for Eigenvalue {
    fn from(pair: &EigenPair) -> Self {
        Eigenvalue { value: pair.value, residual: pair.residual, converged: pair.converged }
    }
}

/// The curvature of the mean loss over some samples, at the end of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvaturePart {
    /// Hash of everything it depends on.
    pub key: String,
    /// How many samples.
    pub samples: usize,
    /// Their mean loss.
    pub loss: f64,
    /// Share of them classified correctly.
    pub accuracy: f64,
    /// Euclidean norm of the mean loss's gradient.
    pub gradient_norm: f64,
    /// The largest eigenvalues of the Hessian, falling.
    pub largest: Vec<Eigenvalue>,
    /// Whether all are within the tolerance.
    pub converged: bool,
    /// Products spent.
    pub products: usize,
    /// Seconds in all.
    pub seconds: f64,
    /// What a reader should know.
    pub notices: Vec<String>,
}

impl CurvaturePart {
    /// The largest eigenvalue; NaN where none was found.
    pub fn lambda(&self) -> f64 {
        self.largest.first().map_or(f64::NAN, |pair| pair.value)
    }
}

/// A finished cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// `hesse.study.cell/1`.
    pub schema: String,
    /// The batch size.
    pub batch_size: usize,
    /// The learning rate.
    pub rate: f64,
    /// Epochs trained.
    pub epochs: usize,
    /// Steps taken.
    pub steps: usize,
    /// Whether the training loss came down to the target.
    pub target_reached: bool,
    /// Mean loss over all training samples at the end.
    pub train_loss: f64,
    /// Share of them classified correctly.
    pub train_accuracy: f64,
    /// Mean loss over the test samples at the end.
    pub test_loss: f64,
    /// Share of them classified correctly.
    pub test_accuracy: f64,
    /// Seconds of training, evaluations apart.
    pub train_seconds: f64,
    /// Samples trained on per second.
    pub samples_per_second: f64,
    /// Curvature of the loss over training samples.
    pub train: Option<CurvaturePart>,
    /// Curvature of the loss over test samples.
    pub test: Option<CurvaturePart>,
}

/// Does what is not done of a cell.
pub(super) fn run(
    options: &LargeBatchOptions,
    batch: usize,
    watch: &mut Watch<'_>,
) -> Result<(CellReport, TrainReport), StudyError> {
    let folder = plan::folder(options, batch);
    let observe = &mut watch.observe;
    let mut train_watch = train::Watch { observe: &mut |event| observe(Event::Train(event)), stop: watch.stop };
    let trained = train::run(&plan::training(options, batch), &mut train_watch).map_err(|cause| match cause {
        TrainError::Interrupted { .. } => interrupted(options, format!("while training with batch size {batch}")),
        cause => StudyError::Train { batch, cause },
    })?;
    let file = folder.join(CELL);
    let earlier = read(&file);
    let mut cell = begun(batch, &trained);
    for split in [Split::Train, Split::Test] {
        let kept = earlier.as_ref().and_then(|e| if split == Split::Train { e.train.clone() } else { e.test.clone() });
        let part = curvature(options, batch, &trained, split, kept, watch)?;
        match split {
            Split::Train => cell.train = Some(part),
            Split::Test => cell.test = Some(part),
        }
        write_json(&file, &cell)?;
    }
    Ok((cell, trained))
}

/// A cell without its curvature.
fn begun(batch: usize, trained: &TrainReport) -> CellReport {
    CellReport {
        schema: SCHEMA.to_string(),
        batch_size: batch,
        rate: trained.options.rate,
        epochs: trained.epochs.len(),
        steps: trained.steps,
        target_reached: trained.target_reached.unwrap_or(false),
        train_loss: trained.train_loss,
        train_accuracy: trained.train_accuracy,
        test_loss: trained.test_loss,
        test_accuracy: trained.test_accuracy,
        train_seconds: trained.seconds,
        samples_per_second: trained.samples_per_second,
        train: None,
        test: None,
    }
}

/// What an earlier run left; what cannot be read is computed again.
fn read(file: &Path) -> Option<CellReport> {
    let cell: CellReport = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    (cell.schema == SCHEMA).then_some(cell)
}

fn curvature(
    options: &LargeBatchOptions,
    batch: usize,
    trained: &TrainReport,
    split: Split,
    kept: Option<CurvaturePart>,
    watch: &mut Watch<'_>,
) -> Result<CurvaturePart, StudyError> {
    let (problem, wanted) = (plan::problem(options, batch, trained, split)?, plan::spectrum(options));
    let key = plan::key(&problem, &wanted, trained);
    if let Some(part) = kept.filter(|part| part.key == key) {
        return Ok(part);
    }
    let session = Session::open(problem)?;
    let observe = &mut watch.observe;
    let mut spectrum_watch =
        spectrum::Watch { observe: &mut |event| observe(Event::Curvature { split, event }), stop: watch.stop };
    let stopped = || interrupted(options, format!("while measuring curvature at batch size {batch}"));
    let found = spectrum::measure(&session, &wanted, &mut spectrum_watch).map_err(|cause| match cause {
        SpectrumError::Interrupted => stopped(),
        cause => StudyError::Spectrum { batch, cause },
    })?;
    if found.eigen.reason == StopReason::Interrupted {
        return Err(stopped());
    }
    Ok(CurvaturePart {
        key,
        samples: found.evaluation.samples,
        loss: found.evaluation.loss,
        accuracy: found.evaluation.accuracy,
        gradient_norm: found.evaluation.gradient_norm.unwrap_or(f64::NAN),
        converged: found.converged(&wanted),
        largest: found.eigen.largest.iter().map(Eigenvalue::from).collect(),
        products: found.eigen.statistics.products,
        seconds: found.seconds,
        notices: session.notices().iter().chain(&found.notices).cloned().collect(),
    })
}

fn interrupted(options: &LargeBatchOptions, during: String) -> StudyError {
    StudyError::Interrupted { during, folder: options.out.clone() }
}
