//! Elements of a strided view, put into row-major order.
//!
//! PyTorch saves a view as its whole storage with an offset and strides, so a transposed or sliced weight lies in the
//! file in another order than it is used in.

use super::error::Fault;
use super::values::count;
use std::borrow::Cow;

/// More dimensions than PyTorch itself supports; the walk's cost for one element grows with them.
const MAX_DIMENSIONS: usize = 64;

/// A view of a storage, in units of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) stride: Vec<usize>,
}

impl Layout {
    /// Checks that the view stays within a storage of `stored` elements, and counts its elements.
    pub(super) fn check(&self, stored: usize) -> Result<usize, Fault> {
        let (shape, stride) = (&self.shape, &self.stride);
        if shape.len() > MAX_DIMENSIONS {
            return Err(Fault::new(format!("at most {MAX_DIMENSIONS} dimensions"), shape.len().to_string()));
        }
        if shape.len() != stride.len() {
            let expected = format!("a stride for each of the {} dimensions", shape.len());
            return Err(Fault::new(expected, format!("{} strides", stride.len())));
        }
        let within = format!("a tensor within its storage of {stored} elements");
        let found = || format!("shape {shape:?}, strides {stride:?}, offset {}", self.offset);
        let elements = count(shape).ok_or_else(|| Fault::new(&within, found()))?;
        if elements == 0 {
            return Ok(0);
        }
        let last = shape.iter().zip(stride).try_fold(self.offset, |last, (&extent, &step)| {
            last.checked_add(extent.saturating_sub(1).checked_mul(step)?)
        });
        match last {
            Some(last) if last < stored => Ok(elements),
            _ => Err(Fault::new(within, found())),
        }
    }

    fn is_row_major(&self) -> bool {
        let mut expected = 1usize;
        self.shape.iter().zip(&self.stride).rev().all(|(&extent, &step)| {
            let fits = extent == 1 || step == expected;
            expected = expected.saturating_mul(extent);
            fits
        })
    }

    /// The bytes of the view's elements, each `size` bytes wide, in row-major order.
    ///
    /// The caller has checked the view, and holds `elements` against what it is willing to allocate.
    pub(super) fn gather<'b>(&self, bytes: &'b [u8], size: usize, elements: usize) -> Cow<'b, [u8]> {
        if elements == 0 {
            return Cow::Borrowed(&[]);
        }
        let element = |at: usize, length: usize| bytes.get(at * size..(at + length) * size).unwrap_or_default();
        if self.is_row_major() {
            return Cow::Borrowed(element(self.offset, elements));
        }
        let mut out = Vec::with_capacity(elements * size);
        let mut position = vec![0usize; self.shape.len()];
        let mut at = self.offset;
        for _ in 0..elements {
            out.extend_from_slice(element(at, 1));
            // Count up like an odometer: the innermost dimension that is not at its end moves on.
            for ((place, &extent), &step) in position.iter_mut().zip(&self.shape).zip(&self.stride).rev() {
                *place += 1;
                // Wrapping, because the last carry leaves the storage, by any distance, before it comes back.
                at = at.wrapping_add(step);
                if *place < extent {
                    break;
                }
                at = at.wrapping_sub(place.wrapping_mul(step));
                *place = 0;
            }
        }
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(offset: usize, shape: &[usize], stride: &[usize], stored: usize) -> Result<Vec<u8>, Fault> {
        let layout = Layout { offset, shape: shape.to_vec(), stride: stride.to_vec() };
        let bytes: Vec<u8> = (0..stored as u8).collect();
        let elements = layout.check(stored)?;
        Ok(layout.gather(&bytes, 1, elements).into_owned())
    }

    #[test]
    fn a_transposed_view_comes_out_in_row_major_order() {
        assert_eq!(gathered(0, &[3, 2], &[1, 3], 6).unwrap(), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn an_offset_slice_skips_what_lies_between() {
        assert_eq!(gathered(1, &[2, 2], &[4, 2], 8).unwrap(), [1, 3, 5, 7]);
    }

    #[test]
    fn an_expanded_view_repeats_its_element() {
        assert_eq!(gathered(2, &[2, 3], &[0, 0], 3).unwrap(), [2; 6]);
    }

    #[test]
    fn scalars_and_empty_tensors_have_one_and_no_elements() {
        assert_eq!(gathered(4, &[], &[], 5).unwrap(), [4]);
        assert_eq!(gathered(9, &[3, 0], &[1, 1], 0).unwrap(), [0u8; 0]);
    }

    #[test]
    fn a_stride_of_a_dimension_of_one_does_not_matter() {
        assert_eq!(gathered(0, &[1, 3], &[77, 1], 3).unwrap(), [0, 1, 2]);
        assert_eq!(gathered(0, &[1, 2], &[usize::MAX, 2], 3).unwrap(), [0, 2]);
    }

    #[test]
    fn a_view_that_leaves_its_storage_is_refused() {
        for (offset, shape, stride) in [
            (1usize, vec![6usize], vec![1usize]),
            (6, vec![], vec![]),
            (0, vec![usize::MAX, 2], vec![1, 1]),
            (0, vec![2], vec![usize::MAX]),
            (usize::MAX, vec![2], vec![1]),
            (0, vec![2, 3], vec![1]),
            (0, vec![1; 65], vec![1; 65]),
        ] {
            assert!(gathered(offset, &shape, &stride, 6).is_err(), "{offset} {shape:?} {stride:?}");
        }
    }
}
