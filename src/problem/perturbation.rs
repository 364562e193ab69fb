//! Samples from a file of perturbations: x + δ, or adversarial samples in their place.
//!
//! The loss at fixed perturbations is an ordinary loss of the weights over other samples, so everything that is measured
//! of the loss (spectrum, trace, sharpness) is measured of the adversarial one by changing the source. The labels are
//! those of the data.

use super::ProblemError;
use crate::data::Dataset;
use crate::weights::{self, StateDict};
use hesse_core::backend::HostTensor;
use hesse_core::operator::{Batch, DataSource};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done to the selected samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Perturbation {
    /// Added to the pixels in [0, 1].
    Added(PathBuf),
    /// Put in their place.
    Replaced(PathBuf),
}

/// Changed samples with the labels of the data.
pub(super) struct PerturbedSource {
    data: Arc<Dataset>,
    pixels: Vec<f64>,
    /// What was done, for the manifest.
    pub description: String,
    /// What a reader should know.
    pub notices: Vec<String>,
}

impl PerturbedSource {
    /// Reads the file and changes the samples.
    pub fn read(data: Arc<Dataset>, perturbation: &Perturbation) -> Result<Self, ProblemError> {
        let (file, name) = match perturbation {
            Perturbation::Added(file) => (file, "perturbation"),
            Perturbation::Replaced(file) => (file, "adversarial"),
        };
        let values = find(&weights::read(file)?, file, name, &data)?;
        let clean: Vec<f64> = data.images.iter().map(|&p| f64::from(p) / 255.0).collect();
        let pixels: Vec<f64> = match perturbation {
            Perturbation::Added(_) => clean.iter().zip(&values).map(|(x, d)| x + d).collect(),
            Perturbation::Replaced(_) => values,
        };
        let largest = pixels.iter().zip(&clean).map(|(x, c)| (x - c).abs()).fold(0.0, f64::max);
        let mut hasher = Sha256::new();
        pixels.iter().for_each(|x| hasher.update(x.to_le_bytes()));
        let hash: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let description = format!("{name} from {}, largest change of a pixel {largest:.4}", file.display());
        let mut notices = vec![format!("samples are changed: {description}")];
        // Rounding of a sum or of a file in f32 is no reason to speak.
        let outside = pixels.iter().filter(|x| !(-1e-6..=1.0 + 1e-6).contains(*x)).count();
        if outside > 0 {
            notices.push(format!("{outside} changed pixels lie outside [0, 1]"));
        }
        let description = format!("{description}, sha256 {hash}");
        Ok(PerturbedSource { data, pixels, description, notices })
    }
}

/// The tensor of this name, or the only one, of the samples' shape.
fn find(tensors: &StateDict, file: &Path, name: &str, data: &Dataset) -> Result<Vec<f64>, ProblemError> {
    let refuse =
        |expected: String, found: String| ProblemError::Perturbation { file: file.to_owned(), expected, found };
    let only = if tensors.len() == 1 { tensors.iter().next().map(|(_, tensor)| tensor) } else { None };
    let tensor = tensors.get(name).or(only).ok_or_else(|| {
        let names: Vec<&str> = tensors.iter().map(|(name, _)| name).take(6).collect();
        refuse(
            format!("a tensor `{name}`, or a single tensor"),
            format!("{} tensors: {}", tensors.len(), names.join(", ")),
        )
    })?;
    let [planes, rows, columns] = data.sample_shape();
    let shapes = [vec![data.len(), planes, rows, columns], vec![data.len(), data.sample_len()]];
    if !shapes.contains(&tensor.shape) {
        let expected = format!("the shape {:?} of the selected samples", shapes[0]);
        return Err(refuse(expected, format!("{:?}", tensor.shape)));
    }
    if let Some(entry) = tensor.values.first_non_finite() {
        return Err(refuse("finite values".to_string(), format!("entry {entry} that is not")));
    }
    Ok(tensor.values.to_f64())
}

impl DataSource for PerturbedSource {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let missing = || format!("samples {range:?}: only {} exist", self.data.len());
        let width = self.data.sample_len();
        let pixels = self.pixels.get(range.start * width..range.end * width).ok_or_else(missing)?;
        let labels = self.data.labels.get(range.clone()).ok_or_else(missing)?;
        Ok(Batch { samples: HostTensor::Real(pixels.to_vec()), labels: Some(labels.to_vec()), targets: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;
    use crate::weights::{TensorData, Values, write_safetensors};
    use std::collections::BTreeMap;

    fn data() -> Arc<Dataset> {
        Arc::new(Dataset {
            name: "numbers".into(),
            split: Split::Train,
            channels: 1,
            height: 1,
            width: 2,
            classes: 10,
            images: vec![0, 51, 102, 255, 0, 0],
            labels: vec![3, 4, 5],
            notices: Vec::new(),
            class_names: Vec::new(),
        })
    }

    fn file(folder: &Path, tensors: &[(&str, Vec<usize>, Vec<f64>)]) -> PathBuf {
        let path = folder.join("change.safetensors");
        let tensors: StateDict = tensors
            .iter()
            .map(|(name, shape, v)| {
                (name.to_string(), TensorData { shape: shape.clone(), values: Values::F64(v.clone()) })
            })
            .collect();
        write_safetensors(&path, &tensors, &BTreeMap::new()).unwrap();
        path
    }

    #[test]
    fn perturbations_are_added_and_adversarial_samples_replace() {
        let folder = tempfile::tempdir().unwrap();
        let change = vec![0.5, -0.1, 0.0, 0.25, 0.0, 0.0];
        let path = file(folder.path(), &[("delta", vec![3, 1, 1, 2], change.clone())]);
        let added = PerturbedSource::read(data(), &Perturbation::Added(path.clone())).unwrap();
        let batch = added.batch(0..2).unwrap();
        assert_eq!(batch.samples, HostTensor::Real(vec![0.5, 0.2 - 0.1, 0.4, 1.25]));
        assert_eq!(batch.labels, Some(vec![3, 4]));
        assert!(added.notices[0].contains("largest change of a pixel 0.5000"), "{:?}", added.notices);
        assert_eq!(added.notices[1], "1 changed pixels lie outside [0, 1]");
        let replaced = PerturbedSource::read(data(), &Perturbation::Replaced(path)).unwrap();
        assert_eq!(replaced.batch(0..3).unwrap().samples, HostTensor::Real(change));
        assert!(replaced.batch(2..4).is_err());
    }

    #[test]
    fn what_does_not_fit_the_samples_is_refused_with_both_shapes() {
        let folder = tempfile::tempdir().unwrap();
        let read =
            |path| PerturbedSource::read(data(), &Perturbation::Added(path)).map(|_| ()).unwrap_err().to_string();
        let short = read(file(folder.path(), &[("delta", vec![2, 1, 1, 2], vec![0.0; 4])]));
        assert!(short.contains("expected the shape [3, 1, 1, 2]") && short.contains("found [2, 1, 1, 2]"), "{short}");
        let shape = || vec![3, 2];
        let two = read(file(folder.path(), &[("a", shape(), vec![0.0; 6]), ("b", shape(), vec![0.0; 6])]));
        assert!(two.contains("expected a tensor `perturbation`"), "{two}");
        let nan = read(file(folder.path(), &[("a", shape(), vec![0.0, 0.0, f64::NAN, 0.0, 0.0, 0.0])]));
        assert!(nan.contains("entry 2"), "{nan}");
    }
}
