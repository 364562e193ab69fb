//! Checkpoints: everything that the rest of a run depends on, in one safetensors file.
//!
//! A new one is written beside the old one and renamed, after the old one has become the previous one; so at every
//! moment at least one whole checkpoint is on the disk. Sums and records travel as JSON in the file's header, with
//! floating-point numbers that read back to the same bits.

use super::TrainError;
use super::identity::Identity;
use super::progress::Progress;
use crate::weights::{self, StateDict, TensorData, Values as Stored};
use hesse_core::graph::Graph;
use hesse_core::vectors::Precision;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The newest checkpoint of a folder.
pub(super) const CURRENT: &str = "checkpoint.safetensors";
/// The one before it.
pub(super) const PREVIOUS: &str = "checkpoint.previous.safetensors";
/// The trained network.
pub(super) const MODEL: &str = "model.safetensors";

/// The network after the epoch that was best on held-back samples.
pub(super) const BEST: &str = "best.safetensors";

const FORMAT: &str = "hesse.checkpoint/1";
const MODEL_PREFIX: &str = "model.";
const EIGENVECTOR: &str = "track.eigenvector";

/// A point of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checkpoint {
    pub identity: Identity,
    pub progress: Progress,
    /// One list for each parameter, in the order of the graph.
    pub parameters: Vec<Vec<f64>>,
    pub buffers: Vec<Vec<f64>>,
    /// What the optimiser keeps: for each of its names, one list for each parameter.
    pub state: Vec<(&'static str, Vec<Vec<f64>>)>,
    /// Where the next measurement of λ₁ starts.
    pub eigenvector: Option<Vec<f64>>,
}

impl Checkpoint {
    /// Writes it as the folder's newest.
    pub fn write(&self, folder: &Path, graph: &Graph, precision: Precision) -> Result<(), TrainError> {
        let mut tensors = state_dict(graph, MODEL_PREFIX, &self.parameters, &self.buffers, precision);
        for (name, state) in &self.state {
            for (parameter, values) in graph.parameters().iter().zip(state) {
                let name = format!("{name}.{}", parameter.name);
                tensors.insert(name, tensor(&parameter.shape, values, precision));
            }
        }
        if let Some(values) = &self.eigenvector {
            tensors.insert(EIGENVECTOR, tensor(&[values.len()], values, precision));
        }
        let json = |value: Result<String, serde_json::Error>| value.map_err(crate::report::ReportError::from);
        let metadata = BTreeMap::from([
            ("format".to_string(), FORMAT.to_string()),
            ("run".to_string(), json(serde_json::to_string(&self.identity))?),
            ("progress".to_string(), json(serde_json::to_string(&self.progress))?),
        ]);
        let (current, previous) = (folder.join(CURRENT), folder.join(PREVIOUS));
        if current.exists() {
            fs::rename(&current, &previous).map_err(|source| TrainError::Io {
                operation: "keeping the previous checkpoint",
                path: current.clone(),
                source,
            })?;
        }
        Ok(weights::write_safetensors(&current, &tensors, &metadata)?)
    }

    /// Reads one with the optimiser's state of these names; `graph` is the network it must fit, unless it is of another
    /// run.
    pub fn read(file: &Path, graph: &Graph, identity: &Identity, state: &[&'static str]) -> Result<Found, TrainError> {
        let refuse = |expected: &str, found: String| TrainError::Checkpoint {
            file: file.to_owned(),
            expected: expected.to_string(),
            found,
        };
        let metadata = weights::read_metadata(file)?;
        let format = metadata.get("format").map_or("no format", String::as_str);
        if format != FORMAT {
            return Err(refuse(&format!("the format `{FORMAT}`"), format!("`{}`", format.escape_debug())));
        }
        let there: Identity = parse(&metadata, "run").map_err(|found| refuse("the run's identity", found))?;
        if there != *identity {
            return Ok(Found::Another(identity.difference(&there)));
        }
        let progress: Progress = parse(&metadata, "progress").map_err(|found| refuse("the run's progress", found))?;
        let tensors = weights::read(file)?;
        let find = |prefix: &str, name: &str, shape: &[usize]| {
            let name = format!("{prefix}{name}");
            let tensor = tensors.get(&name).filter(|tensor| tensor.shape == shape);
            let values = tensor.map(|tensor| tensor.values.to_f64()).filter(|v| v.iter().all(|v| v.is_finite()));
            values.ok_or_else(|| refuse(&format!("finite values of `{name}` with shape {shape:?}"), "none".to_string()))
        };
        let all =
            |prefix: &str| graph.parameters().iter().map(|p| find(prefix, &p.name, &p.shape)).collect::<Result<_, _>>();
        let buffers = graph.buffers().iter().map(|b| find(MODEL_PREFIX, &b.name, &b.shape));
        let eigenvector = match tensors.get(EIGENVECTOR) {
            None => None,
            Some(_) => Some(find("", EIGENVECTOR, &[graph.parameter_count()])?),
        };
        Ok(Found::Same(Box::new(Checkpoint {
            identity: there,
            progress,
            parameters: all(MODEL_PREFIX)?,
            buffers: buffers.collect::<Result<_, _>>()?,
            eigenvector,
            state: (state.iter().map(|name| Ok((*name, all(&format!("{name}."))?))))
                .collect::<Result<_, TrainError>>()?,
        })))
    }
}

/// A readable checkpoint.
#[derive(Debug)]
pub(super) enum Found {
    /// Of this run.
    Same(Box<Checkpoint>),
    /// Of another; what differs, for people.
    Another(String),
}

/// Parameters and buffers by name, in the precision of the run.
pub(super) fn state_dict(
    graph: &Graph,
    prefix: &str,
    parameters: &[Vec<f64>],
    buffers: &[Vec<f64>],
    precision: Precision,
) -> StateDict {
    let named = graph.parameters().iter().map(|p| (&p.name, &p.shape)).zip(parameters);
    let buffers = graph.buffers().iter().map(|b| (&b.name, &b.shape)).zip(buffers);
    named
        .chain(buffers)
        .map(|((name, shape), values)| (format!("{prefix}{name}"), tensor(shape, values, precision)))
        .collect()
}

fn tensor(shape: &[usize], values: &[f64], precision: Precision) -> TensorData {
    let values = match precision {
        // Exact: the device held them as f32.
        Precision::F32 => Stored::F32(values.iter().map(|&v| v as f32).collect()),
        Precision::F64 => Stored::F64(values.to_vec()),
    };
    TensorData { shape: shape.to_vec(), values }
}

fn parse<T: DeserializeOwned>(metadata: &BTreeMap<String, String>, key: &str) -> Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| "none".to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}
