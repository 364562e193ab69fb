//! Finding the inputs of a program in what the caller feeds: views of the caller's memory.

use super::executable::SavedTensors;
use super::space::Columns;
use super::{Uploaded, dtype};
use candle_core::Tensor;
use hesse_core::backend::{BackendError, DeviceTensor, Feed};
use hesse_core::graph::{Kind, Source};
use hesse_core::layout::Layout;
use hesse_core::vectors::{Precision, View};

/// What leaves are found in.
pub(super) struct Inputs<'a> {
    pub program: &'a str,
    pub layout: &'a Layout,
    pub feed: &'a Feed<'a>,
    pub precision: Precision,
}

impl Inputs<'_> {
    /// The tensor of a leaf for one direction.
    pub fn find(&self, source: Source, kind: Kind, dims: &[usize], column: usize) -> Result<Tensor, BackendError> {
        let Inputs { layout, feed, .. } = self;
        let elements: usize = dims.iter().product();
        let found = match source {
            Source::Parameter(i) => {
                self.part(feed.parameters.as_ref(), 0, layout.parameter(i), layout.parameter_len, elements)
            }
            Source::Buffer(i) => self.part(feed.buffers.as_ref(), 0, layout.buffer(i), layout.buffer_len, elements),
            Source::Samples => self.uploaded(feed.samples, source, kind, elements)?,
            Source::Labels => self.uploaded(feed.labels, source, kind, elements)?,
            Source::Targets => self.uploaded(feed.targets, source, kind, elements)?,
            Source::DropoutMask(i) => self.uploaded(feed.masks.get(i), source, kind, elements)?,
            Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent => {
                let offset = layout.direction(source);
                self.part(feed.direction.as_ref(), column, offset, layout.direction_len, elements)
            }
            Source::Saved(k) => {
                let saved = feed.saved.and_then(|s| s.storage::<SavedTensors>());
                saved.and_then(|s| s.0.get(k)).and_then(Clone::clone).filter(|t| t.elem_count() == elements)
            }
        };
        found.and_then(|t| t.reshape(dims).ok()).ok_or_else(|| {
            let expected = format!("{elements} entries in {}", self.precision);
            self.wrong(source, expected, "none, or of another length or type")
        })
    }

    /// A part of a flat vector.
    fn part(
        &self,
        view: Option<&View<'_>>,
        column: usize,
        offset: Option<usize>,
        len: usize,
        elements: usize,
    ) -> Option<Tensor> {
        let view = view?;
        let columns = view.block.storage::<Columns>().filter(|c| c.precision == self.precision)?;
        let column = view.columns.start + column;
        if view.block.rows() != len || column >= view.block.columns() {
            return None;
        }
        columns.tensor.narrow(0, column, 1).ok()?.narrow(1, offset?, elements).ok()
    }

    /// An uploaded tensor, which must have exactly the entries of the leaf.
    fn uploaded(
        &self,
        tensor: Option<&DeviceTensor>,
        source: Source,
        kind: Kind,
        elements: usize,
    ) -> Result<Option<Tensor>, BackendError> {
        let found = tensor.and_then(|t| t.storage::<Uploaded>()).filter(|u| u.kind == kind).map(|u| &u.tensor);
        let Some(found) = found.filter(|t| kind == Kind::Index || t.dtype() == dtype(self.precision)) else {
            return Ok(None);
        };
        if found.elem_count() != elements {
            return Err(self.wrong(source, format!("{elements} entries"), found.elem_count()));
        }
        Ok(Some(found.clone()))
    }

    fn wrong(&self, source: Source, expected: impl ToString, found: impl ToString) -> BackendError {
        BackendError::input(self.program, &self.layout.describe(source), expected, found)
    }
}
