//! The result of a training as data: schema `hesse.train/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::identity::Identity;
use super::prepare::Prepared;
use super::progress::Progress;
use super::{Ending, EpochRecord, TrackRecord, TrainSpec};
use crate::problem::{describe_loss, describe_normalization};
use crate::report::{BackendPart, DataPart, ModelPart};
use serde::Serialize;

/// The options of a run, as numbers and texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptionsPart {
    /// The most epochs.
    pub epochs: usize,
    /// The training loss to stop at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_loss: Option<f64>,
    /// Samples of one step.
    pub batch_size: usize,
    /// Samples computed at once.
    pub micro_batch_size: usize,
    /// `ghost` or `frozen`.
    pub batch_norm: String,
    /// The learning rate.
    pub rate: f64,
    /// How it falls.
    pub schedule: String,
    /// Epochs over which it rises.
    pub warmup: f64,
    /// The rule of a step.
    pub optimizer: String,
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Nesterov's form.
    pub nesterov: bool,
    /// Multiple of every parameter that is added to the gradient.
    pub weight_decay: f64,
    /// Pixels of black border of random crops; 0 for none.
    pub crop: usize,
    /// Whether pictures were mirrored at random.
    pub flip: bool,
    /// How training defended against perturbed inputs; absent where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robust: Option<String>,
    /// Radius of sharpness-aware minimisation; absent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<f64>,
    /// Which training samples were held back, and what attacked them; absent where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// Which epoch's weights were to be kept: `last` or `best`.
    pub keep: String,
}

/// What was measured on the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackPart {
    /// Which quantities.
    pub quantities: Vec<String>,
    /// How often, such as `100steps`.
    pub every: String,
    /// Which of the training samples: half-open.
    pub samples: [usize; 2],
    /// The curves.
    pub records: Vec<TrackRecord>,
}

/// What it takes to repeat a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainManifest {
    /// The program's version.
    pub version: String,
    /// The command line, as given.
    pub command: Vec<String>,
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads that computed.
    pub threads: usize,
    /// The backend's own words: versions and processor features.
    pub device_details: String,
    /// The data as named on the command line.
    pub data: String,
    /// SHA-256 of shape, pixels and labels of the training samples.
    pub data_sha256: String,
    /// The same of the test samples.
    pub test_data_sha256: String,
    /// Where training started: a file, or the seed.
    pub initial_weights: String,
    /// SHA-256 of the initial values, parameters then buffers, as little-endian f64.
    pub initial_weights_sha256: String,
    /// SHA-256 of the network in train mode as a graph.
    pub graph_sha256: String,
    /// SHA-256 of everything that the steps depend on.
    pub run_sha256: String,
    /// The loss with its options.
    pub loss: String,
    /// Means and deviations per channel, `MEAN/STD`; absent without normalization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize: Option<String>,
    /// What a reader should know.
    pub notices: Vec<String>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainReport {
    /// `hesse.train/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples trained on.
    pub data: DataPart,
    /// The samples evaluated on.
    pub test_data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// The options.
    pub options: OptionsPart,
    /// Why it ended: `target-loss` or `epochs`.
    pub ended_by: Ending,
    /// Whether the target was reached; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_reached: Option<bool>,
    /// The epoch whose weights were kept, counted from 1.
    pub kept_epoch: usize,
    /// Steps in all.
    pub steps: usize,
    /// Mean loss over all training samples at the end, in eval mode.
    pub train_loss: f64,
    /// Share of them classified correctly.
    pub train_accuracy: f64,
    /// Mean loss over the test samples at the end, in eval mode.
    pub test_loss: f64,
    /// Share of them classified correctly.
    pub test_accuracy: f64,
    /// Seconds of training in all, evaluations and checkpoints apart.
    pub seconds: f64,
    /// Samples trained on per second.
    pub samples_per_second: f64,
    /// What was measured on the way; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackPart>,
    /// Every epoch.
    pub epochs: Vec<EpochRecord>,
    /// What it takes to repeat this.
    pub manifest: TrainManifest,
}

impl TrainReport {
    pub(super) fn new(
        spec: &TrainSpec,
        prepared: &Prepared,
        identity: &Identity,
        progress: Progress,
        notice: Option<String>,
    ) -> Self {
        let (options, info) = (&spec.options, prepared.backend.info());
        let track = spec.track.as_ref().map(|track| TrackPart {
            quantities: track.quantities.iter().map(ToString::to_string).collect(),
            every: track.every.to_string(),
            samples: prepared.tracked.as_ref().map_or([0, 0], |(_, range)| *range),
            records: progress.track,
        });
        let records = progress.records;
        let seconds: f64 = records.iter().map(|r| r.seconds).sum();
        let end = progress.end;
        let ending = end.map_or(Ending::Epochs, |end| end.ending);
        let nan = f64::NAN;
        let kept_epoch = end.and_then(|end| end.kept).unwrap_or(records.len());
        let kept = kept_epoch.checked_sub(1).and_then(|i| records.get(i));
        TrainReport {
            schema: "hesse.train/1",
            model: prepared.model_part.clone(),
            data: prepared.train_part.clone(),
            test_data: prepared.test_part.clone(),
            backend: prepared.backend_part.clone(),
            options: OptionsPart {
                epochs: options.epochs,
                target_loss: options.target_loss,
                batch_size: options.batch,
                micro_batch_size: options.at_once(),
                batch_norm: options.batch_norm.to_string(),
                rate: options.rate,
                schedule: options.schedule.to_string(),
                warmup: options.warmup,
                optimizer: options.optimizer.to_string(),
                momentum: options.momentum,
                nesterov: options.nesterov,
                weight_decay: options.weight_decay,
                crop: options.augmentation.crop,
                flip: options.augmentation.flip,
                robust: options.robust.as_ref().map(ToString::to_string),
                sharpness: options.sharpness,
                validation: options.validation.as_ref().map(ToString::to_string),
                keep: options.validation.as_ref().map(|v| v.keep).unwrap_or_default().to_string(),
            },
            ended_by: ending,
            target_reached: options.target_loss.map(|_| ending == Ending::TargetLoss),
            kept_epoch,
            steps: records.iter().map(|r| r.steps).sum(),
            train_loss: end.map_or(nan, |end| end.train_loss),
            train_accuracy: end.map_or(nan, |end| end.train_accuracy),
            test_loss: kept.map_or(nan, |r| r.test_loss),
            test_accuracy: kept.map_or(nan, |r| r.test_accuracy),
            seconds,
            samples_per_second: if seconds > 0.0 {
                (records.len() * prepared.train.len()) as f64 / seconds
            } else {
                0.0
            },
            track,
            epochs: records,
            manifest: TrainManifest {
                version: env!("CARGO_PKG_VERSION").to_string(),
                command: spec.command.clone(),
                seed: spec.seed,
                threads: info.threads,
                device_details: hesse_core::device::words(&info.details),
                data: spec.data.to_string(),
                data_sha256: prepared.train.hash(),
                test_data_sha256: prepared.test.hash(),
                initial_weights: match &spec.initial {
                    Some(file) => file.display().to_string(),
                    None => format!("initial values of seed {}", spec.seed),
                },
                initial_weights_sha256: prepared.initial_hash.clone(),
                graph_sha256: prepared.graph_hash.clone(),
                run_sha256: identity.hash(),
                loss: describe_loss(&spec.loss),
                normalize: describe_normalization(&spec.normalization),
                notices: prepared.notices.iter().cloned().chain(notice).collect(),
            },
        }
    }
}
