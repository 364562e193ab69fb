//! The result as data: schema `hesse.study.large-batch-method/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::super::LargeBatchOptions;
use super::super::cell::{CellReport, Variant};
use super::super::group::{Group, groups};
use super::super::quantity;
use super::super::report::OptionsPart;
use super::answer;
use crate::report::{BackendPart, DataPart, ModelPart};
use crate::train::{TrainManifest, TrainReport};
use serde::Serialize;

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodCell {
    /// The batch size.
    pub batch_size: usize,
    /// Plain, with a scaled rate, or robust.
    pub method: Variant,
    /// The seed.
    pub seed: u64,
    /// The learning rate.
    pub rate: f64,
    /// Where it ended; absent where it diverged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<CellReport>,
    /// Where and how it diverged; absent where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diverged: Option<String>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LargeBatchMethodReport {
    /// `hesse.study.large-batch-method/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples trained on.
    pub data: DataPart,
    /// The samples tested on.
    pub test_data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// The options.
    pub options: OptionsPart,
    /// One for each training.
    pub cells: Vec<MethodCell>,
    /// One for each batch size and method: means and spreads over the seeds that did not diverge.
    pub groups: Vec<Group>,
    /// What was found, in one sentence.
    pub answer: String,
    /// Whether every eigenvalue is within the tolerance.
    pub converged: bool,
    /// Seconds of this call; what was kept from an earlier one cost nothing.
    pub seconds: f64,
    /// What it takes to repeat this; of the plain training with the smallest batch.
    pub manifest: TrainManifest,
}

impl LargeBatchMethodReport {
    pub(in crate::study) fn new(
        options: &LargeBatchOptions,
        cells: Vec<MethodCell>,
        first: &TrainReport,
        seconds: f64,
    ) -> Self {
        let done: Vec<CellReport> = cells.iter().filter_map(|c| c.done.clone()).collect();
        let mut report = LargeBatchMethodReport {
            schema: "hesse.study.large-batch-method/1",
            model: first.model.clone(),
            data: first.data.clone(),
            test_data: first.test_data.clone(),
            backend: first.backend.clone(),
            options: OptionsPart::new(options),
            groups: groups(&done, &quantity::all(&options.epsilons)),
            answer: String::new(),
            converged: done.iter().all(CellReport::converged),
            cells,
            seconds,
            manifest: first.manifest.clone(),
        };
        report.answer = answer::answer(&report);
        report
    }

    /// The networks of a batch size and a method; none where all diverged or there are none.
    pub fn group(&self, batch: usize, method: Variant) -> Option<&Group> {
        self.groups.iter().find(|g| g.batch_size == batch && g.variant == method)
    }

    /// How many of the trainings of a batch size and a method diverged, and how many there are.
    pub fn diverged(&self, batch: usize, method: Variant) -> (usize, usize) {
        let of = || self.cells.iter().filter(|c| c.batch_size == batch && c.method == method);
        (of().filter(|c| c.diverged.is_some()).count(), of().count())
    }
}
