//! A named architecture made for given data.

use super::{ProblemError, Values, lookup, normalization};
use crate::data::Dataset;
use crate::plugin::Separate;
use hesse_core::error::GraphError;
use hesse_core::graph::{Graph, Mode};
use hesse_core::model::{Model, Normalization, Task, record};
use hesse_core::options::Options;
use hesse_core::registry::ModelEntry;

/// An architecture with its options and the shape of its samples, ready to be recorded.
pub struct Network {
    entry: &'static ModelEntry,
    options: Options,
    model: Box<dyn Model>,
    task: Task,
    normalization: Normalization,
    data: String,
}

impl Network {
    /// Makes the network that `name:key=value,…` names for samples of this data set.
    ///
    /// # Errors
    /// Where the name, an option or the normalization does not fit.
    pub fn new(text: &str, data: &Dataset, normalization: &Normalization) -> Result<Self, ProblemError> {
        let (entry, options) = lookup::model(text)?;
        normalization::check(normalization, data.channels)?;
        let task = Task { input: data.sample_shape().to_vec(), classes: data.classes };
        let model = (entry.make)(&options, &task)?;
        let (normalization, data) = (normalization.clone(), data.name.clone());
        Ok(Network { entry: entry.entry, options, model, task, normalization, data })
    }

    /// Its graph in a mode.
    ///
    /// # Errors
    /// Where the network cannot take such samples.
    pub fn graph(&self, mode: Mode) -> Result<Graph, ProblemError> {
        record(self.model.as_ref(), &self.task, &self.normalization, mode).map_err(|cause| self.misfit(cause))
    }

    /// The error of a graph that cannot be recorded for these samples.
    pub fn misfit(&self, cause: GraphError) -> ProblemError {
        ProblemError::DoesNotFit {
            model: self.entry.name.to_string(),
            data: self.data.clone(),
            input: self.task.input.clone(),
            classes: self.task.classes,
            cause,
        }
    }

    /// Refuses a backend that cannot run this network, which has one of its own.
    ///
    /// # Errors
    /// Naming the one that can.
    pub fn runs_on(&self, backend: &str) -> Result<(), ProblemError> {
        match Separate::with_model(self.entry.name).filter(|s| s.name != backend) {
            None => Ok(()),
            Some(separate) => Err(ProblemError::ForeignProgram {
                model: self.entry.name.to_string(),
                backend: backend.to_string(),
                runs: separate.name.to_string(),
            }),
        }
    }

    /// The values that the graph begins with: those that the model brings, and otherwise the initial ones of a seed.
    /// The second says whether the model brings every parameter.
    ///
    /// # Errors
    /// Where the model's own values cannot be read or do not fit its graph.
    pub fn values(&self, graph: &Graph, seed: u64) -> Result<(Values, bool), ProblemError> {
        let wrong = |cause| ProblemError::ModelValues { model: self.entry.name.to_string(), cause };
        let brought = self.model.values().map_err(wrong)?;
        Values::brought(graph, seed, brought).map_err(wrong)
    }

    /// The architecture.
    pub fn model(&self) -> &dyn Model {
        self.model.as_ref()
    }
    /// What it was made for.
    pub fn task(&self) -> &Task {
        &self.task
    }
    /// The name in the registry.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }
    /// The options given.
    pub fn options(&self) -> &Options {
        &self.options
    }
    /// The first step of the network.
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({}:{})", self.entry.name, self.options)
    }
}
