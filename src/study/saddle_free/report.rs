//! The result of the study as data: schema `hesse.study.saddle-free/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::cell::CellReport;
use super::options::SaddleFreeOptions;
use super::text::answer;
use crate::report::{BackendPart, DataPart};
use crate::train::{TrainManifest, TrainReport};
use serde::Serialize;

/// The options of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptionsPart {
    /// Every training stopped at this loss.
    pub target_loss: f64,
    /// Or after so many epochs.
    pub epochs: usize,
    /// The learning rate.
    pub rate: f64,
    /// Samples of one step.
    pub batch_size: usize,
    /// The most products for each sample.
    pub max_products: usize,
    /// λ_min below −this·λ₁ is negative.
    pub semi_definite: f64,
    /// Eigenvalues below this·λ₁ count as zero for the rank.
    pub rank_threshold: f64,
    /// A residual of g above this is outside of the range.
    pub range_tolerance: f64,
    /// Precision of the checks.
    pub precision: String,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SaddleFreeReport {
    /// `hesse.study.saddle-free/1`.
    pub schema: &'static str,
    /// The question.
    pub question: &'static str,
    /// The answer, with its numbers.
    pub answer: String,
    /// The samples trained on.
    pub data: DataPart,
    /// The samples checked.
    pub test_data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// The options.
    pub options: OptionsPart,
    /// The rows.
    pub cells: Vec<CellReport>,
    /// Whether every row came out as the theory says.
    pub as_expected: bool,
    /// Seconds of this call; what was kept from an earlier one cost nothing.
    pub seconds: f64,
    /// What it takes to repeat this; of the first training.
    pub manifest: TrainManifest,
}

/// The question.
pub(super) const QUESTION: &str =
    "Is the loss of a piecewise-linear network free of saddle points as a function of its input, and what breaks that?";

impl SaddleFreeReport {
    pub(super) fn new(
        options: &SaddleFreeOptions,
        cells: Vec<CellReport>,
        first: &TrainReport,
        seconds: f64,
    ) -> SaddleFreeReport {
        SaddleFreeReport {
            schema: "hesse.study.saddle-free/1",
            question: QUESTION,
            answer: answer(&cells, options.semi_definite),
            data: first.data.clone(),
            test_data: first.test_data.clone(),
            backend: first.backend.clone(),
            options: OptionsPart {
                target_loss: options.target_loss,
                epochs: options.epochs,
                rate: options.rate,
                batch_size: options.batch,
                max_products: options.max_products,
                semi_definite: options.semi_definite,
                rank_threshold: options.rank_threshold,
                range_tolerance: options.range_tolerance,
                precision: options.checking().precision.to_string(),
            },
            as_expected: cells.iter().all(CellReport::as_expected),
            cells,
            seconds,
            manifest: first.manifest.clone(),
        }
    }
}
