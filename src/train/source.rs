//! Pictures as a source of batches: in file order for measuring, in an epoch's random order for training.
//!
//! Pixels go to the device as bytes and are scaled there. A second thread that prepares the next batch was decided
//! against: gathering and augmenting 128 CIFAR pictures takes well under a hundredth of a step.

use super::Augmentation;
use crate::data::Dataset;
use hesse_core::backend::HostTensor;
use hesse_core::operator::{Batch, DataSource};
use hesse_core::random::{Purpose, Stream};
use std::ops::Range;
use std::sync::Arc;

/// A data set as a source of batches.
#[derive(Debug, Clone)]
pub struct ImageSource {
    data: Arc<Dataset>,
    shuffled: Option<Epoch>,
}

#[derive(Debug, Clone)]
struct Epoch {
    order: Vec<usize>,
    augmentation: Augmentation,
    seed: u64,
    number: usize,
}

impl ImageSource {
    /// The samples in file order, as they are.
    pub fn new(data: impl Into<Arc<Dataset>>) -> Self {
        ImageSource { data: data.into(), shuffled: None }
    }

    /// The samples in the random order of an epoch, changed at random.
    pub fn epoch(data: Arc<Dataset>, seed: u64, number: usize, augmentation: Augmentation) -> Self {
        let order = Stream::new(seed, Purpose::Shuffle, number as u64).permutation(data.len());
        ImageSource { data, shuffled: Some(Epoch { order, augmentation, seed, number }) }
    }

    /// The samples as read.
    pub fn dataset(&self) -> &Dataset {
        &self.data
    }

    /// The numbers, in file order, of some samples of this order.
    ///
    /// # Errors
    /// Where the range reaches beyond the last sample.
    pub fn indices(&self, range: Range<usize>) -> Result<Vec<usize>, String> {
        let missing = || format!("samples {range:?}: only {} exist", self.data.len());
        match &self.shuffled {
            Some(epoch) => epoch.order.get(range.clone()).map(<[usize]>::to_vec).ok_or_else(missing),
            None if range.end <= self.data.len() => Ok(range.collect()),
            None => Err(missing()),
        }
    }
}

impl DataSource for ImageSource {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let indices = self.indices(range)?;
        let mut pixels = Vec::with_capacity(indices.len() * self.data.sample_len());
        for &index in &indices {
            let picture = self.data.image(index);
            match &self.shuffled {
                Some(epoch) if !epoch.augmentation.is_none() => {
                    let mut stream = Augmentation::stream(epoch.seed, epoch.number, index);
                    epoch.augmentation.append(picture, self.data.sample_shape(), &mut stream, &mut pixels);
                }
                _ => pixels.extend_from_slice(picture),
            }
        }
        let label = |&index: &usize| self.data.labels.get(index).copied();
        let labels = indices.iter().map(label).collect::<Option<Vec<u32>>>();
        let labels = labels.ok_or_else(|| format!("labels: only {} exist", self.data.labels.len()))?;
        Ok(Batch { samples: HostTensor::Pixels(pixels), labels: Some(labels), targets: None })
    }
}

/// Pixels as numbers from 0 to 1. Rounded to f32 they are what the device makes of the bytes: a quotient of small
/// integers that is rounded to f64 first is rounded to the same f32.
pub(super) fn reals(samples: &HostTensor) -> Vec<f64> {
    match samples {
        HostTensor::Pixels(bytes) => bytes.iter().map(|v| f64::from(*v) / 255.0).collect(),
        HostTensor::Real(values) => values.clone(),
        HostTensor::Index(indices) => indices.iter().map(|i| f64::from(*i)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    fn data(samples: usize) -> Arc<Dataset> {
        Arc::new(Dataset {
            name: "numbers".into(),
            split: Split::Train,
            channels: 1,
            height: 1,
            width: 2,
            classes: 10,
            images: (0..2 * samples).map(|i| i as u8).collect(),
            labels: (0..samples).map(|i| i as u32 % 10).collect(),
            notices: Vec::new(),
            class_names: Vec::new(),
        })
    }

    #[test]
    fn file_order_gives_pixels_and_labels_as_they_lie() {
        let batch = ImageSource::new(data(5)).batch(1..3).unwrap();
        assert_eq!(batch.samples, HostTensor::Pixels(vec![2, 3, 4, 5]));
        assert_eq!(batch.labels, Some(vec![1, 2]));
    }

    #[test]
    fn an_epoch_holds_every_sample_once_with_its_label_whatever_the_batches() {
        let epoch = ImageSource::epoch(data(20), 7, 3, Augmentation::default());
        let whole = epoch.batch(0..20).unwrap();
        let (HostTensor::Pixels(pixels), Some(labels)) = (whole.samples, whole.labels) else { panic!() };
        let mut seen: Vec<u8> = pixels.chunks(2).map(|p| p[0] / 2).collect();
        assert!(seen.iter().zip(&labels).all(|(&s, &l)| u32::from(s) % 10 == l));
        let HostTensor::Pixels(part) = epoch.batch(5..8).unwrap().samples else { panic!() };
        assert_eq!(part, pixels[10..16]);
        assert!(!seen.is_sorted());
        seen.sort_unstable();
        assert!(seen.iter().enumerate().all(|(i, &s)| i == usize::from(s)));
    }

    #[test]
    fn every_epoch_has_its_own_order_and_the_same_one_each_time() {
        let order = |epoch| ImageSource::epoch(data(20), 7, epoch, Augmentation::default()).indices(0..20).unwrap();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn samples_beyond_the_last_are_refused() {
        let error = ImageSource::new(data(5)).batch(3..6).unwrap_err();
        assert_eq!(error, "samples 3..6: only 5 exist");
        assert!(ImageSource::epoch(data(5), 0, 0, Augmentation::default()).batch(3..6).is_err());
    }
}
