//! One cell: a network trained with one batch size, and everything that is measured at its end.
//!
//! The training keeps its own checkpoints. Every measurement is kept in the cell's folder under a key, a hash of what it
//! depends on; a part with the right key is taken as it is.

use super::landscape::{LossPoint, Plane};
use super::plan::{self, CellSpec};
use super::{LargeBatchOptions, attacked, inputs, landscape};
use crate::data::Split;
use crate::problem::{ProblemSpec, Session};
use crate::study::kept::{kept, key};
use crate::study::piece::Claim;
use crate::study::{CurvaturePart, Event, StudyError, Watch, curvature};
use crate::train::{self, TrackRecord, TrainError, TrainReport};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// How a network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// On the samples as they are.
    Plain,
    /// The same with a learning rate in proportion to the batch size.
    Scaled,
    /// Against perturbed ones.
    Robust,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Variant::Plain => "plain",
            Variant::Scaled => "scaled",
            Variant::Robust => "robust",
        })
    }
}

/// A finished cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellReport {
    /// The batch size.
    pub batch_size: usize,
    /// How it was trained.
    pub variant: Variant,
    /// The seed.
    pub seed: u64,
    /// The learning rate.
    pub rate: f64,
    /// Epochs trained.
    pub epochs: usize,
    /// Steps taken.
    pub steps: usize,
    /// Whether the loss over the clean training samples came down to the target.
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
    pub train: CurvaturePart,
    /// Curvature of the loss over test samples.
    pub test: CurvaturePart,
    /// The input Hessians of the training samples; absent where they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_inputs: Option<inputs::InputPart>,
    /// Those of the test samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_inputs: Option<inputs::InputPart>,
    /// Accuracy under each attack with each budget.
    pub attacks: Vec<attacked::AttackedPart>,
    /// The loss along v₁ of the training Hessian.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub line: Vec<LossPoint>,
    /// The training loss over the plane of v₁ and v₂.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plane: Option<Plane>,
    /// λ₁ and the gradient's length while training.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub track: Vec<TrackRecord>,
}

impl CellReport {
    /// Whether every eigenvalue is within the tolerance.
    pub fn converged(&self) -> bool {
        let mut inputs = [&self.train_inputs, &self.test_inputs].into_iter().flatten();
        self.train.converged && self.test.converged && inputs.all(|part| part.converged)
    }
}

/// What is measured at the end of a training, on one split. The session is opened where something is not kept.
pub(super) struct Side<'a> {
    pub options: &'a LargeBatchOptions,
    pub cell: CellSpec,
    pub split: Split,
    problem: ProblemSpec,
    basis: String,
    session: Option<Session>,
}

impl<'a> Side<'a> {
    fn new(
        options: &'a LargeBatchOptions,
        cell: CellSpec,
        trained: &TrainReport,
        split: Split,
    ) -> Result<Self, StudyError> {
        let problem = plan::problem(options, cell, trained, split)?;
        let basis = plan::basis(&problem, trained);
        Ok(Side { options, cell, split, problem, basis, session: None })
    }

    /// The hash of what a measurement depends on: this split of this training, and what is special to it.
    pub fn key(&self, own: &str) -> String {
        key(&format!("{} {own}", self.basis))
    }

    /// Where a measurement is kept.
    pub fn file(&self, what: &str) -> PathBuf {
        self.cell.folder(self.options).join(format!("{what}-{}.json", self.split))
    }

    /// The network on the samples.
    pub fn session(&mut self) -> Result<&Session, StudyError> {
        if self.session.is_none() {
            self.session = Some(Session::open(self.problem.clone())?);
        }
        // It was put there just now.
        self.session.as_ref().ok_or(StudyError::Option {
            what: "session",
            expected: "one".into(),
            found: "none".into(),
        })
    }

    /// The error of an interruption.
    pub fn interrupted(&self, doing: &str) -> StudyError {
        interrupted(self.options, self.cell, doing)
    }

    /// λ₁ and those after it. Of the training Hessian the first two eigenvectors are kept beside it for the landscape.
    fn curvature(&mut self, watch: &mut Watch<'_>) -> Result<CurvaturePart, StudyError> {
        let wanted = plan::spectrum(self.options, self.split);
        let vectors = if self.split == Split::Train { landscape::directions(self.options, self.cell) } else { 0 };
        let key = self.key(&format!(
            "top {} tolerance {} products {} solver {} vectors {vectors}",
            wanted.largest, wanted.tolerance, wanted.max_products, wanted.solver
        ));
        let name = self.cell.name(self.options);
        let of = self.split.to_string();
        let directions = landscape::file(self.options, self.cell);
        let file = self.file("curvature");
        if vectors > 0 && landscape::read(&directions, &key, vectors).is_none() && file.exists() {
            // Eigenvalues without the vectors that go with them have to be found again.
            std::fs::remove_file(&file).map_err(|source| StudyError::Io {
                operation: "removing",
                path: file.clone(),
                source,
            })?;
        }
        kept(&file, &key, || {
            let found = curvature::measure(self.session()?, &wanted, (key.clone(), &of, vectors), watch);
            let (part, found) = found.map_err(|cause| match cause {
                cause if cause.is_interruption() || (watch.stop)() => self.interrupted("measuring curvature at"),
                cause => StudyError::Spectrum { cell: name, cause },
            })?;
            if vectors > 0 {
                landscape::write(&directions, &key, found)?;
            }
            Ok(part)
        })
    }
}

fn interrupted(options: &LargeBatchOptions, cell: CellSpec, doing: &str) -> StudyError {
    StudyError::Interrupted { during: format!("while {doing} {}", cell.name(options)), folder: options.out.clone() }
}

/// Does what is not done of a cell.
pub(super) fn run(
    options: &LargeBatchOptions,
    cell: CellSpec,
    watch: &mut Watch<'_>,
) -> Result<(CellReport, TrainReport), StudyError> {
    let claim = Claim::wait(&cell.folder(options), watch.stop)?;
    let _claim = claim.ok_or_else(|| interrupted(options, cell, "waiting for another process at"))?;
    let observe = &mut watch.observe;
    let mut train_watch = train::Watch { observe: &mut |event| observe(Event::Train(event)), stop: watch.stop };
    let trained = train::run(&plan::training(options, cell), &mut train_watch).map_err(|cause| match cause {
        TrainError::Interrupted { .. } => interrupted(options, cell, "training with"),
        cause => StudyError::Train { cell: cell.name(options), cause },
    })?;
    let mut train = Side::new(options, cell, &trained, Split::Train)?;
    let mut test = Side::new(options, cell, &trained, Split::Test)?;
    let curvature = [train.curvature(watch)?, test.curvature(watch)?];
    let [train_inputs, test_inputs] = [inputs::measure(&mut train, watch)?, inputs::measure(&mut test, watch)?];
    let attacks = attacked::measure(&mut train, &mut test, watch)?;
    let (line, plane) = landscape::measure(&mut train, &mut test, &curvature[0].key, watch)?;
    let [on_train, on_test] = curvature;
    let report = CellReport {
        batch_size: cell.batch,
        variant: cell.variant,
        seed: cell.seed,
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
        train: on_train,
        test: on_test,
        train_inputs,
        test_inputs,
        attacks,
        line,
        plane,
        track: trained.track.as_ref().map(|t| t.records.clone()).unwrap_or_default(),
    };
    Ok((report, trained))
}
