//! Reading and checking everything that a run needs, cheapest check first, before anything is written.

use super::robust::misfit;
use super::track::DEFAULT_SAMPLES;
use super::{MicroBatchNorm, TrackOptions, TrainError, TrainSpec};
use crate::data::{Dataset, SampleRange, Split};
use crate::problem::{Network, ProblemError, Values, describe_loss, lookup};
use crate::report::{BackendPart, DataPart, ModelPart};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::graph::Mode;
use hesse_core::program::Problem;
use std::sync::Arc;

/// A run that could begin.
pub(super) struct Prepared {
    /// `name:key=value,…`, canonical.
    pub model: String,
    pub model_part: ModelPart,
    pub train: Arc<Dataset>,
    pub train_part: DataPart,
    /// What is held back from the training samples.
    pub validation: Option<Arc<Dataset>>,
    pub test: Arc<Dataset>,
    pub test_part: DataPart,
    /// The training samples that curvature is measured on; none where nothing is tracked.
    pub tracked: Option<(Arc<Dataset>, [usize; 2])>,
    pub backend: Box<dyn SecondOrderBackend>,
    pub backend_part: BackendPart,
    /// What gradients are taken of: in train mode, unless batch norm is frozen.
    pub training: Problem,
    /// What is evaluated: in eval mode.
    pub evaluation: Problem,
    pub initial: Values,
    pub initial_hash: String,
    pub graph_hash: String,
    pub notices: Vec<String>,
}

impl Prepared {
    pub fn new(spec: &TrainSpec) -> Result<Self, TrainError> {
        spec.options.check()?;
        if let Some(track) = &spec.track {
            track.check()?;
        }
        lookup::model(&spec.model)?;
        if let Some(robust) = &spec.options.robust {
            if let Some(adversary) = robust.adversary() {
                adversary.make()?;
            }
            if let Some(expected) = misfit(robust, &spec.loss) {
                let (what, found) = ("loss", describe_loss(&spec.loss));
                return Err(TrainError::Option { what, expected: expected.to_string(), found });
            }
        }
        let entry = lookup::backend(&spec.backend.name)?;
        let backend = (entry.open)(&BackendRequest {
            device: spec.backend.device.clone(),
            precision: spec.backend.precision,
            threads: spec.backend.threads,
        })?;
        let (train, mut train_part) = load(spec, Split::Train, &spec.samples)?;
        let (train, validation) = held_back(spec, train, &mut train_part)?;
        let (test, test_part) = load(spec, Split::Test, &spec.test_samples)?;

        let tracked = spec.track.as_ref().map(|track| tracked(track, &train)).transpose()?;

        let network = Network::new(&spec.model, &train, &spec.normalization)?;
        network.runs_on(backend.info().name)?;
        let eval_graph = network.graph(Mode::Eval)?;
        let train_graph = network.graph(Mode::Train)?;
        let train_graph = match spec.options.batch_norm {
            MicroBatchNorm::Ghost => train_graph,
            MicroBatchNorm::Frozen if train_graph.dropout_sites().is_empty() => eval_graph.clone(),
            MicroBatchNorm::Frozen => return Err(TrainError::FrozenDropout { model: network.name().to_string() }),
        };
        let initial = match &spec.initial {
            Some(file) => Values::read(&eval_graph, file)?,
            None => network.values(&eval_graph, spec.seed)?.0,
        };
        let graph_hash = train_graph.content_hash().map_err(|cause| network.misfit(cause))?;
        let (name, given) = (network.name(), network.options());
        let model = if given.is_empty() { name.to_string() } else { format!("{name}:{given}") };
        let model_part =
            ModelPart { name: name.to_string(), options: given.to_string(), parameters: eval_graph.parameter_count() };
        let backend_part = BackendPart::from(backend.info());
        let mut notices = train.notices.clone();
        notices.extend(test.notices.iter().filter(|n| !train.notices.contains(n)).cloned());
        let problem = |graph| Problem::new(graph, &spec.loss).map_err(ProblemError::Loss);
        Ok(Prepared {
            model,
            model_part,
            train,
            train_part,
            validation,
            test,
            test_part,
            tracked,
            backend,
            backend_part,
            training: problem(train_graph)?,
            evaluation: problem(eval_graph)?,
            initial_hash: initial.hash(),
            initial,
            graph_hash,
            notices,
        })
    }
}

/// The samples to train on, and those that are held back.
fn held_back(
    spec: &TrainSpec,
    train: Arc<Dataset>,
    part: &mut DataPart,
) -> Result<(Arc<Dataset>, Option<Arc<Dataset>>), TrainError> {
    let Some(validation) = &spec.options.validation else { return Ok((train, None)) };
    validation.check(train.len())?;
    if let Some(adversary) = &validation.adversary {
        adversary.make()?;
    }
    let left = train.len() - validation.samples;
    let held_back = train.range(left..train.len())?;
    part.samples = left;
    part.range[1] -= validation.samples;
    Ok((Arc::new(train.range(0..left)?), Some(Arc::new(held_back))))
}

/// The tracked samples, and which of the training samples they are.
fn tracked(track: &TrackOptions, train: &Dataset) -> Result<(Arc<Dataset>, [usize; 2]), TrainError> {
    let most = DEFAULT_SAMPLES.min(train.len());
    let range = match track.samples {
        Some(range) => range,
        None => SampleRange::new(0, Some(most))?,
    };
    let within = range.within(train.len(), Split::Train)?;
    Ok((Arc::new(train.select(&range)?), [within.start, within.end]))
}

fn load(spec: &TrainSpec, split: Split, samples: &SampleRange) -> Result<(Arc<Dataset>, DataPart), TrainError> {
    let whole = spec.data.load(split)?;
    let range = samples.within(whole.len(), split)?;
    let chosen = whole.select(samples)?;
    let part = DataPart {
        name: chosen.name.clone(),
        split: split.to_string(),
        samples: range.len(),
        range: [range.start, range.end],
        available: whole.len(),
    };
    Ok((Arc::new(chosen), part))
}
