//! One cell: a network trained with one batch size, and the curvature of its loss on train and test samples.
//!
//! The training keeps its own checkpoints. The curvature of each split is kept in `cell.json` under a key, a hash of
//! what it depends on; a part with the right key is taken as it is.

use super::plan::{self, CELL};
use super::{CurvaturePart, Event, LargeBatchOptions, StudyError, Watch, curvature};
use crate::data::Split;
use crate::report::write_json;
use crate::spectrum::SpectrumError;
use crate::train::{self, TrainError, TrainReport};
use serde::{Deserialize, Serialize};
use std::path::Path;

const SCHEMA: &str = "hesse.study.cell/1";

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
        cause => StudyError::Train { cell: format!("batch size {batch}"), cause },
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
    let stopped = || interrupted(options, format!("while measuring curvature at batch size {batch}"));
    curvature::measure(problem, &wanted, key, &split.to_string(), watch)?.map_err(|cause| match cause {
        SpectrumError::Interrupted => stopped(),
        cause => StudyError::Spectrum { cell: format!("batch size {batch}"), cause },
    })
}

fn interrupted(options: &LargeBatchOptions, during: String) -> StudyError {
    StudyError::Interrupted { during, folder: options.out.clone() }
}
