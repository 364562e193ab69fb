//! The result of the study of robust training as data: schema `hesse.study.robust/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::answer::answer;
use super::{LinePart, RobustOptions, SpectrumCell, StudyAttack};
use crate::report::{BackendPart, DataPart, ModelPart};
use crate::train::{TrainManifest, TrainReport};
use serde::Serialize;

/// An attack of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttackPart {
    /// Short name.
    pub label: String,
    /// As the paper prints it.
    pub title: String,
    /// `name:key=value,…`, for sets and white-box.
    pub attack: String,
    /// The same in training.
    pub training: String,
    /// The norm of its budget.
    pub norm: String,
    /// The budget, in pixels from 0 to 1.
    pub epsilon: f64,
}

/// The options of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RobustOptionsPart {
    /// Epochs of the plain training.
    pub epochs: usize,
    /// Epochs against each attack.
    pub tune_epochs: usize,
    /// Samples of one step.
    pub batch_size: usize,
    /// Learning rate at the beginning of both.
    pub rate: f64,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// The plain training halves its rate after so many epochs; 0 for never.
    pub halve_every: usize,
    /// The others likewise.
    pub tune_halve_every: usize,
    /// Samples of each Hessian; 0 for all.
    pub spectrum_samples: Vec<usize>,
    /// Largest eigenvalues of each.
    pub top: usize,
    /// Bound on their residuals.
    pub tolerance: f64,
    /// The eigensolver.
    pub solver: String,
}

/// What a network is in the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Plainly trained.
    Original,
    /// Trained on without an attack.
    Control,
    /// Trained on against an attack.
    Robust,
}

/// One network: a row of both matrices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RobustModel {
    /// Its folder.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it is in the study.
    pub role: Role,
    /// The label of the attack; absent for the original and the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained_against: Option<String>,
    /// Epochs of its own training.
    pub epochs: usize,
    /// Mean loss over the clean training samples at the end.
    pub train_loss: f64,
    /// Share of them classified correctly.
    pub train_accuracy: f64,
    /// Share of the examples classified correctly in the last epoch; absent without an attack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_robust_accuracy: Option<f64>,
    /// Mean loss over the clean test samples.
    pub test_loss: f64,
    /// Share of them classified correctly.
    pub test_accuracy: f64,
    /// Accuracy on the fixed set of each attack, which was made on the original.
    pub transfer: Vec<f64>,
    /// Their mean.
    pub transfer_mean: f64,
    /// Accuracy under each attack on this very network.
    pub white_box: Vec<f64>,
    /// Their mean.
    pub white_box_mean: f64,
    /// Both ends of the spectrum, for each number of training samples.
    pub spectra: Vec<SpectrumCell>,
    /// The line from the original; absent without an attack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<LinePart>,
    /// Seconds of training, evaluations apart.
    pub train_seconds: f64,
}

impl RobustModel {
    /// The largest eigenvalue on the most samples; NaN where there is none.
    pub fn lambda(&self) -> f64 {
        let most = self.spectra.iter().max_by_key(|cell| cell.found.samples);
        most.map_or(f64::NAN, |cell| cell.found.lambda())
    }
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RobustReport {
    /// `hesse.study.robust/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples trained on.
    pub data: DataPart,
    /// The samples attacked and evaluated.
    pub test_data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// The options.
    pub options: RobustOptionsPart,
    /// The attacks, in the order of the columns.
    pub attacks: Vec<AttackPart>,
    /// The original first, then the control, then one for each attack.
    pub models: Vec<RobustModel>,
    /// What was found, in one sentence.
    pub answer: String,
    /// Whether every eigenvalue is within the tolerance.
    pub converged: bool,
    /// Seconds of this call; what was kept from an earlier one cost nothing.
    pub seconds: f64,
    /// What it takes to repeat this; of the plain training.
    pub manifest: TrainManifest,
}

/// Puts it together.
pub(super) fn of(
    options: &RobustOptions,
    (attacks, missing): (&[StudyAttack], Vec<&'static str>),
    models: Vec<RobustModel>,
    (original, test_data): (&TrainReport, DataPart),
    seconds: f64,
) -> RobustReport {
    let part = |a: &StudyAttack| AttackPart {
        label: a.label.to_string(),
        title: a.title.to_string(),
        attack: a.attack.to_string(),
        training: a.training.to_string(),
        norm: a.norm.to_string(),
        epsilon: a.epsilon,
    };
    let mut manifest = original.manifest.clone();
    manifest.command.clone_from(&options.command);
    if !missing.is_empty() {
        manifest.notices.push(format!("left out, because no plugin here brings them: {}", missing.join(", ")));
    }
    RobustReport {
        schema: "hesse.study.robust/1",
        model: original.model.clone(),
        data: original.data.clone(),
        test_data,
        backend: original.backend.clone(),
        options: RobustOptionsPart {
            epochs: options.epochs,
            tune_epochs: options.tune_epochs,
            batch_size: options.batch,
            rate: options.rate,
            momentum: options.momentum,
            halve_every: options.halve_every,
            tune_halve_every: options.tune_halve_every,
            spectrum_samples: options.spectrum_samples.clone(),
            top: options.top,
            tolerance: options.tolerance,
            solver: options.solver.clone(),
        },
        attacks: attacks.iter().map(part).collect(),
        answer: answer(&models),
        converged: models.iter().flat_map(|m| &m.spectra).all(|cell| cell.found.converged),
        models,
        seconds,
        manifest,
    }
}
