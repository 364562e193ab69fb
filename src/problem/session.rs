//! A problem, read, checked and uploaded.

use super::perturbation::PerturbedSource;
use super::{Network, ProblemError, ProblemSpec, Values, describe_loss, describe_normalization, lookup};
use crate::data::Dataset;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use crate::train::source::ImageSource;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::device::{Accelerator, words};
use hesse_core::graph::{Graph, Mode};
use hesse_core::operator::{DataSource, Weights};
use hesse_core::program::{Problem, Wrt};
use std::sync::Arc;

/// Everything a measurement needs, in one place.
pub struct Session {
    spec: ProblemSpec,
    network: Network,
    problem: Problem,
    weights: Weights,
    samples: Arc<Dataset>,
    source: Box<dyn DataSource>,
    perturbation: Option<String>,
    backend: Box<dyn SecondOrderBackend>,
    data: DataPart,
    hashes: Hashes,
    notices: Vec<String>,
}

struct Hashes {
    data: String,
    weights: String,
    graph: String,
    /// What the weights are where no file was named.
    unread: String,
}

impl Session {
    /// Reads, checks and uploads a problem.
    ///
    /// # Errors
    /// Where a part is missing or does not fit the others; see [`ProblemError`].
    pub fn open(mut spec: ProblemSpec) -> Result<Self, ProblemError> {
        // Names first: they cost nothing.
        lookup::model(&spec.model)?;
        let entry = lookup::backend(&spec.backend.name)?;
        let backend = (entry.open)(&BackendRequest {
            device: spec.backend.device.clone(),
            precision: spec.backend.precision,
            threads: spec.backend.threads,
        })?;
        if let Some(accelerator) = Accelerator::of_details(&backend.info().details) {
            // What is kept lies in the device's own memory, and the products need the rest.
            spec.memory = spec.memory.min(usize::try_from(accelerator.memory_bytes / 2).unwrap_or(usize::MAX));
        }

        let whole = spec.data.load(spec.split)?;
        let range = spec.samples.within(whole.len(), spec.split)?;
        let (available, samples) = (whole.len(), whole.select(&spec.samples)?);
        drop(whole);
        let data = DataPart {
            name: samples.name.clone(),
            split: samples.split.to_string(),
            samples: range.len(),
            range: [range.start, range.end],
            available,
        };

        let network = Network::new(&spec.model, &samples, &spec.normalization)?;
        network.runs_on(backend.info().name)?;
        let graph = network.graph(spec.mode)?;
        if !graph.dropout_sites().is_empty() {
            return Err(ProblemError::Dropout { model: network.name().to_string() });
        }
        let mut notices = samples.notices.clone();
        let mut unread = String::new();
        let values = match &spec.weights {
            Some(file) => Values::read(&graph, file)?,
            None => {
                let (values, brought) = network.values(&graph, spec.seed)?;
                if !brought {
                    notices.push(format!("no --weights given: measured at the initial weights of seed {}", spec.seed));
                }
                unread = match brought {
                    true => "the model's own".to_string(),
                    false => format!("initial values of seed {}", spec.seed),
                };
                values
            }
        };
        if spec.mode == Mode::Train && !graph.buffers().is_empty() {
            let batch = spec.batch;
            notices.push(format!(
                "batch norm in train mode: samples of a batch are coupled, so results depend on --batch-size {batch}"
            ));
        }

        let graph_hash = graph.content_hash().map_err(|cause| network.misfit(cause))?;
        let hashes = Hashes { data: samples.hash(), weights: values.hash(), graph: graph_hash, unread };
        let problem = Problem::new(graph, &spec.loss).map_err(ProblemError::Loss)?;
        let weights = Weights::upload(backend.as_ref(), problem.graph(), &values.parameters, &values.buffers)?;
        let samples = Arc::new(samples);
        let mut perturbation = None;
        let source: Box<dyn DataSource> = match &spec.perturbation {
            None => Box::new(ImageSource::new(Arc::clone(&samples))),
            Some(change) => {
                let source = PerturbedSource::read(Arc::clone(&samples), change)?;
                notices.extend(source.notices.iter().cloned());
                perturbation = Some(source.description.clone());
                Box::new(source)
            }
        };
        Ok(Session { spec, network, problem, weights, samples, source, perturbation, backend, data, hashes, notices })
    }

    /// The parameters that a glob selects, or all.
    ///
    /// # Errors
    /// Where nothing matches.
    pub fn select(&self, params: Option<&str>) -> Result<Wrt, ProblemError> {
        match params {
            None => Ok(self.problem.all_parameters()),
            Some(pattern) => self.problem.parameters_matching(pattern).map_err(ProblemError::Selection),
        }
    }

    /// What was asked for.
    pub fn spec(&self) -> &ProblemSpec {
        &self.spec
    }
    /// The architecture.
    pub fn network(&self) -> &Network {
        &self.network
    }
    /// The network with its loss.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
    /// The network's graph with the loss appended.
    pub fn graph(&self) -> &Graph {
        self.problem.graph()
    }
    /// The values on the device.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
    /// The samples.
    pub fn source(&self) -> &dyn DataSource {
        self.source.as_ref()
    }
    /// The samples as read.
    pub fn dataset(&self) -> &Dataset {
        &self.samples
    }
    /// The machine.
    pub fn backend(&self) -> &dyn SecondOrderBackend {
        self.backend.as_ref()
    }
    /// What a reader of the results should know.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The network, for a result.
    pub fn model_part(&self) -> ModelPart {
        ModelPart {
            name: self.network.name().to_string(),
            options: self.network.options().to_string(),
            parameters: self.graph().parameter_count(),
        }
    }
    /// The samples, for a result.
    pub fn data_part(&self) -> DataPart {
        self.data.clone()
    }
    /// The machine, for a result.
    pub fn backend_part(&self) -> BackendPart {
        self.backend.info().into()
    }

    /// What it takes to repeat a result.
    pub fn manifest(&self, command: &[String], params: Option<&str>, more_notices: &[String]) -> Manifest {
        let info = self.backend.info();
        let spec = &self.spec;
        Manifest {
            version: env!("CARGO_PKG_VERSION").to_string(),
            command: command.to_vec(),
            seed: spec.seed,
            threads: info.threads,
            device_details: words(&info.details),
            data: spec.data.to_string(),
            data_sha256: self.hashes.data.clone(),
            perturbation: self.perturbation.clone(),
            weights: match &spec.weights {
                Some(file) => file.display().to_string(),
                None => self.hashes.unread.clone(),
            },
            weights_sha256: self.hashes.weights.clone(),
            graph_sha256: self.hashes.graph.clone(),
            batch_norm: spec.mode.to_string(),
            batch_size: spec.batch,
            memory: spec.memory,
            loss: describe_loss(&spec.loss),
            normalize: describe_normalization(&spec.normalization),
            params: params.map(str::to_string),
            notices: self.notices.iter().chain(more_notices).cloned().collect(),
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({:?} on {} {})", self.network, self.data.name, self.data.split)
    }
}
