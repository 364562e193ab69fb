//! The result of the study of large batches as data: schema `hesse.study.large-batch/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::rank::spearman;
use super::{CellReport, CurvaturePart, LargeBatchOptions};
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
    /// `constant` or `linear` in the batch size.
    pub rate_rule: String,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Multiple of every parameter that is added to the gradient.
    pub weight_decay: f64,
    /// Eigenvalues of each Hessian.
    pub top: usize,
    /// Bound on their residuals.
    pub tolerance: f64,
    /// The eigensolver.
    pub solver: String,
}

/// Spearman's rank correlation of the batch size with the largest eigenvalue; absent where there is none.
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
    /// One for each batch size.
    pub cells: Vec<CellReport>,
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
    pub(super) fn new(
        options: &LargeBatchOptions,
        cells: Vec<CellReport>,
        first: &TrainReport,
        seconds: f64,
    ) -> LargeBatchReport {
        let batches: Vec<f64> = cells.iter().map(|c| c.batch_size as f64).collect();
        let correlation = |part: fn(&CellReport) -> Option<&CurvaturePart>| {
            let lambdas: Vec<f64> = cells.iter().map(|c| part(c).map_or(f64::NAN, CurvaturePart::lambda)).collect();
            Some(spearman(&batches, &lambdas)).filter(|rho| rho.is_finite())
        };
        let spearman = Correlation { train: correlation(|c| c.train.as_ref()), test: correlation(|c| c.test.as_ref()) };
        let converged =
            cells.iter().flat_map(|c| [&c.train, &c.test]).all(|part| part.as_ref().is_some_and(|p| p.converged));
        LargeBatchReport {
            schema: "hesse.study.large-batch/1",
            model: first.model.clone(),
            data: first.data.clone(),
            test_data: first.test_data.clone(),
            backend: first.backend.clone(),
            options: OptionsPart {
                batch_sizes: options.batches.clone(),
                target_loss: options.target_loss,
                epochs: options.epochs,
                rate: options.rate,
                rate_rule: options.rate_rule.to_string(),
                momentum: options.momentum,
                weight_decay: options.weight_decay,
                top: options.top,
                tolerance: options.tolerance,
                solver: options.solver.clone(),
            },
            spearman,
            targets_reached: cells.iter().all(|c| c.target_reached),
            converged,
            cells,
            seconds,
            manifest: first.manifest.clone(),
        }
    }
}
