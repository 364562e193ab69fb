//! The result of the study of large batches as data: schema `hesse.study.large-batch/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::group::{Group, groups};
use super::quantity;
use super::trend::{self, Prediction, Ratio, Trend};
use super::{CellReport, LargeBatchOptions, answer};
use crate::report::{BackendPart, DataPart, ModelPart};
use crate::train::{TrainManifest, TrainReport};
use serde::Serialize;

/// The options of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptionsPart {
    /// Batch sizes, rising.
    pub batch_sizes: Vec<usize>,
    /// The training loss at which every run stops.
    pub target_loss: f64,
    /// Or after so many epochs.
    pub epochs: usize,
    /// The learning rate of the smallest batch.
    pub rate: f64,
    /// `constant`, or `linear` or `sqrt` in the batch size.
    pub rate_rule: String,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Multiple of every parameter that is added to the gradient.
    pub weight_decay: f64,
    /// How many times everything was trained, each time from another seed.
    pub seeds: usize,
    /// Epochs of warm-up of the networks whose rate is in proportion to the batch size; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<f64>,
    /// How the robust networks were trained; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robust: Option<String>,
    /// Budgets of the attacks under L∞.
    pub epsilons: Vec<f64>,
    /// Eigenvalues of each training Hessian.
    pub top: usize,
    /// Bound on their residuals.
    pub tolerance: f64,
    /// The eigensolver.
    pub solver: String,
}

impl OptionsPart {
    pub(super) fn new(options: &LargeBatchOptions) -> Self {
        OptionsPart {
            batch_sizes: options.batches.clone(),
            target_loss: options.target_loss,
            epochs: options.epochs,
            rate: options.rate,
            rate_rule: options.rate_rule.to_string(),
            momentum: options.momentum,
            weight_decay: options.weight_decay,
            seeds: options.seeds,
            warmup: options.warmup,
            // Whole batches are what goes without saying.
            robust: options.robust.as_ref().map(|robust| robust.to_string().replace(" on 1 of each batch", "")),
            epsilons: options.epsilons.clone(),
            top: options.top,
            tolerance: options.tolerance,
            solver: options.solver.clone(),
        }
    }
}

/// Spearman's rank correlation of the batch size with the largest eigenvalue of the plain networks (its mean over the
/// seeds); absent where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Correlation {
    /// Of the training Hessian.
    pub train: Option<f64>,
    /// Of the test Hessian.
    pub test: Option<f64>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LargeBatchReport {
    /// `hesse.study.large-batch/1`.
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
    pub cells: Vec<CellReport>,
    /// One for each batch size and variant: means and spreads over the seeds.
    pub groups: Vec<Group>,
    /// What becomes of each quantity as the batch grows, and what the paper says.
    pub trends: Vec<Trend>,
    /// What goes with the accuracy under attack.
    pub predictions: Vec<Prediction>,
    /// λ₁ of the robust networks over that of the plain ones.
    pub ratios: Vec<Ratio>,
    /// What was found, in one sentence.
    pub answer: String,
    /// What the paper says and these networks do not do.
    pub differences: Vec<String>,
    /// Whether the largest eigenvalue rises with the batch size.
    pub spearman: Correlation,
    /// Whether every run reached the target loss.
    pub targets_reached: bool,
    /// Whether every eigenvalue is within the tolerance.
    pub converged: bool,
    /// Seconds of this call; what was kept from an earlier one cost nothing.
    pub seconds: f64,
    /// What it takes to repeat this; of the training with the smallest batch.
    pub manifest: TrainManifest,
}

impl LargeBatchReport {
    pub(super) fn new(options: &LargeBatchOptions, cells: Vec<CellReport>, first: &TrainReport, seconds: f64) -> Self {
        let quantities = quantity::all(&options.epsilons);
        let groups = groups(&cells, &quantities);
        let trends = trend::trends(&groups, &quantities);
        let correlation = |name: &str| trends.iter().find(|t| t.quantity == name).and_then(|t| t.plain);
        let spearman = Correlation { train: correlation("lambda_train"), test: correlation("lambda_test") };
        let converged = cells.iter().all(CellReport::converged);
        let mut report = LargeBatchReport {
            schema: "hesse.study.large-batch/1",
            model: first.model.clone(),
            data: first.data.clone(),
            test_data: first.test_data.clone(),
            backend: first.backend.clone(),
            options: OptionsPart::new(options),
            spearman,
            predictions: trend::predictions(&groups, options),
            ratios: trend::ratios(&cells),
            groups,
            trends,
            answer: String::new(),
            differences: Vec::new(),
            targets_reached: cells.iter().all(|c| c.target_reached),
            converged,
            cells,
            seconds,
            manifest: first.manifest.clone(),
        };
        report.answer = answer::answer(&report);
        report.differences = answer::differences(&report);
        report
    }
}
