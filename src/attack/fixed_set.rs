//! Adversarial sets that are made once, on one network, and then shown to any: the paper's protocol.
//!
//! What is kept has the precision of the run's backend, so that a set read from its file gives the very figures that the
//! set in memory gave.

use super::{EvaluationError, perturb};
use crate::problem::{Session, lookup};
use crate::weights::{self, StateDict, TensorData, Values, WeightsError};
use hesse_core::attack::{AttackError, AttackRequest, Goal, NetworkOracle, Norm, ThreatModel};
use hesse_core::backend::HostTensor;
use hesse_core::graph::Mode;
use hesse_core::operator::{Batch, DataSource, batches};
use hesse_core::vectors::Precision;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

const TENSOR: &str = "samples";
const KEY: &str = "key";

/// Perturbed samples with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedSet {
    samples: Vec<f64>,
    labels: Vec<u32>,
    shape: Vec<usize>,
}

impl FixedSet {
    /// Perturbs every sample of a session, misclassified ones too. `observe` is told the samples done and says whether
    /// to go on.
    ///
    /// # Errors
    /// Where the attack has no such name, refuses or fails, and where `observe` says no.
    pub fn craft(
        session: &Session,
        attack: &str,
        norm: Norm,
        epsilon: f64,
        observe: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Self, EvaluationError> {
        let (spec, data) = (session.spec(), session.dataset());
        let (entry, options) = lookup::attack(attack)?;
        let made = (entry.make)(&options).map_err(crate::problem::ProblemError::from)?;
        let graph = session.network().graph(Mode::Eval)?;
        let oracle = NetworkOracle::new(session.backend(), graph, session.weights(), spec.batch)?;
        let threat = ThreatModel { norm, lower: 0.0, upper: 1.0 };
        let first = session.data_part().range[0];
        let mut samples = Vec::with_capacity(data.len() * data.sample_len());
        for range in batches(data.len(), spec.batch) {
            let clean: Vec<f64> = range.clone().flat_map(|i| data.image(i)).map(|v| f64::from(*v) / 255.0).collect();
            let indices: Vec<usize> = range.clone().map(|i| first + i).collect();
            let request = AttackRequest {
                samples: &clean,
                labels: data.labels.get(range.clone()).unwrap_or_default(),
                goal: Goal::Untargeted,
                threat,
                epsilon,
                indices: &indices,
                seed: spec.seed,
            };
            let done = range.start;
            let found = perturb(&oracle, made.as_ref(), &request, &mut || observe(done));
            samples.extend(found.map_err(|cause| match cause {
                AttackError::Interrupted => EvaluationError::Interrupted,
                cause => EvaluationError::Attack { attack: attack.to_string(), cause },
            })?);
            observe(range.end);
        }
        if spec.backend.precision == Precision::F32 {
            samples.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        }
        let shape = [&[data.len()], data.sample_shape().as_slice()].concat();
        Ok(FixedSet { samples, labels: data.labels.clone(), shape })
    }

    /// Writes the samples as a safetensors file under a key.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, file: &Path, key: &str, precision: Precision) -> Result<(), WeightsError> {
        let values = match precision {
            Precision::F32 => Values::F32(self.samples.iter().map(|v| *v as f32).collect()),
            Precision::F64 => Values::F64(self.samples.clone()),
        };
        let mut tensors = StateDict::new();
        tensors.insert(TENSOR, TensorData { shape: self.shape.clone(), values });
        weights::write_safetensors(file, &tensors, &BTreeMap::from([(KEY.to_string(), key.to_string())]))
    }

    /// What a file holds under this key, for samples with these labels; none where it is not there, damaged, or of
    /// another key or number of samples.
    pub fn read(file: &Path, key: &str, labels: &[u32]) -> Option<Self> {
        let metadata = weights::read_metadata(file).ok()?;
        metadata.get(KEY).filter(|found| *found == key)?;
        let tensors = weights::read(file).ok()?;
        let tensor = tensors.get(TENSOR).filter(|tensor| tensor.shape.first() == Some(&labels.len()))?;
        Some(FixedSet { samples: tensor.values.to_f64(), labels: labels.to_vec(), shape: tensor.shape.clone() })
    }

    /// The perturbed samples, `N × D`, in pixels from 0 to 1.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }
}

impl DataSource for FixedSet {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let width: usize = self.shape.iter().skip(1).product();
        let missing = || format!("samples {range:?}: only {} exist", self.labels.len());
        let samples = self.samples.get(range.start * width..range.end * width).ok_or_else(missing)?;
        let labels = self.labels.get(range.clone()).ok_or_else(missing)?;
        Ok(Batch { samples: HostTensor::Real(samples.to_vec()), labels: Some(labels.to_vec()), targets: None })
    }
}
