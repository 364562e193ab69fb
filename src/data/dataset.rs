//! A split in memory: 8-bit planes and class numbers, in file order.
//!
//! File order, because a result on `--samples 0..128` must mean the same samples everywhere; shuffling belongs to
//! training. The hash covers what is measured on (shape, pixels, labels) and not where it came from, so that the two
//! layouts of CIFAR, packed or not, give the same one.

use super::{DataError, SampleRange, Split};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// The samples of one split of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The set's name, such as `cifar10`.
    pub name: String,
    /// Which part of the set.
    pub split: Split,
    /// Planes of each picture: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of each plane.
    pub height: usize,
    /// Pixels of each row.
    pub width: usize,
    /// Number of classes; every label is below it.
    pub classes: usize,
    /// Pixels from 0 to 255, as (sample, plane, row, column) with the column running fastest.
    pub images: Vec<u8>,
    /// The class of each sample.
    pub labels: Vec<u32>,
    /// What a reader of a result should know, such as that the files hold a part of the set.
    pub notices: Vec<String>,
    /// The name of each class, in the order of the labels.
    pub class_names: Vec<String>,
}

impl Dataset {
    /// How many samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The shape of one sample: planes, rows, columns.
    pub fn sample_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// The number of pixels of one sample over all planes.
    pub fn sample_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of sample `index`, of shape [`sample_shape`](Self::sample_shape); empty beyond the last sample.
    pub fn image(&self, index: usize) -> &[u8] {
        let n = self.sample_len();
        index.checked_mul(n).and_then(|start| self.images.get(start..start.checked_add(n)?)).unwrap_or_default()
    }

    /// The samples `range` of this split, in the same order.
    ///
    /// # Errors
    /// [`DataError::Option`] for an empty or reversed range, [`DataError::OutOfRange`] beyond the last sample.
    pub fn range(&self, range: Range<usize>) -> Result<Dataset, DataError> {
        self.select(&SampleRange::new(range.start, Some(range.end))?)
    }

    /// As [`range`](Self::range), for a range as given on the command line.
    ///
    /// # Errors
    /// [`DataError::OutOfRange`] beyond the last sample.
    pub fn select(&self, range: &SampleRange) -> Result<Dataset, DataError> {
        let samples = range.within(self.len(), self.split)?;
        let pixels = samples.start * self.sample_len()..samples.end * self.sample_len();
        Ok(Dataset {
            name: self.name.clone(),
            images: self.images.get(pixels).unwrap_or_default().to_vec(),
            labels: self.labels.get(samples).unwrap_or_default().to_vec(),
            notices: self.notices.clone(),
            class_names: self.class_names.clone(),
            ..*self
        })
    }

    /// SHA-256 over the shape (planes, rows, columns, classes, samples), the pixels and the labels, in hexadecimal.
    ///
    /// All numbers are hashed as little-endian, shape entries as 64 bits and labels as 32.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for extent in [self.channels, self.height, self.width, self.classes, self.len()] {
            hasher.update((extent as u64).to_le_bytes());
        }
        hasher.update(&self.images);
        let labels: Vec<u8> = self.labels.iter().flat_map(|label| label.to_le_bytes()).collect();
        hasher.update(labels);
        super::file::hex(&hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Dataset {
        Dataset {
            name: "four".into(),
            split: Split::Test,
            channels: 1,
            height: 1,
            width: 2,
            classes: 4,
            images: (0..8).collect(),
            labels: vec![0, 1, 2, 3],
            notices: vec!["a notice".into()],
            class_names: Vec::new(),
        }
    }

    #[test]
    fn a_range_keeps_pixels_labels_and_notices_together() {
        let part = four().range(1..3).unwrap();
        assert_eq!((part.images, part.labels, part.notices.len()), (vec![2, 3, 4, 5], vec![1, 2], 1));
    }

    #[test]
    fn the_whole_range_changes_nothing() {
        assert_eq!(four().range(0..4).unwrap(), four());
    }

    #[test]
    fn a_range_beyond_the_split_says_how_many_there_are() {
        let error = four().range(2..5).unwrap_err().to_string();
        assert_eq!(error, "2..5 is out of range: only 4 samples in the test split");
    }

    #[test]
    fn an_image_beyond_the_last_is_empty() {
        let data = four();
        assert_eq!((data.image(3), data.image(4), data.image(usize::MAX)), (&[6u8, 7][..], &[][..], &[][..]));
    }

    #[test]
    fn the_hash_sees_pixels_labels_and_shape_but_not_names() {
        let base = four().hash();
        assert_eq!(base.len(), 64);
        let (mut pixel, mut label, mut shape, mut name) = (four(), four(), four(), four());
        pixel.images[3] ^= 1;
        label.labels[3] = 0;
        (shape.height, shape.width) = (2, 1);
        name.name = "other".into();
        name.notices.clear();
        assert!(pixel.hash() != base && label.hash() != base && shape.hash() != base);
        assert_eq!(name.hash(), base);
    }
}
