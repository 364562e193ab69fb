//! Finding the inputs of a program in what the caller feeds.

use super::SavedTensors;
use crate::backend::Uploaded;
use crate::lower::Leaf;
use crate::space::Columns;
use hesse_core::backend::{BackendError, DeviceTensor, Feed};
use hesse_core::graph::{Kind, Source};
use hesse_core::layout::Layout;
use hesse_core::vectors::{Precision, View};
use tch::Tensor;

/// What a leaf is found in.
pub(super) struct Inputs<'a> {
    pub program: &'a str,
    pub layout: &'a Layout,
    pub feed: &'a Feed<'a>,
    pub precision: Precision,
}

impl Inputs<'_> {
    /// The tensor of a leaf for one direction: a view of the caller's memory.
    pub fn find(&self, leaf: &Leaf, column: usize) -> Result<Tensor, BackendError> {
        let Inputs { layout, feed, .. } = self;
        let elements: i64 = leaf.sizes.iter().product();
        let found = match leaf.source {
            Source::Parameter(i) => {
                self.part(feed.parameters.as_ref(), 0, layout.parameter(i), layout.parameter_len, leaf)
            }
            Source::Buffer(i) => self.part(feed.buffers.as_ref(), 0, layout.buffer(i), layout.buffer_len, leaf),
            Source::Samples => self.uploaded(feed.samples, leaf)?,
            Source::Labels => self.uploaded(feed.labels, leaf)?,
            Source::Targets => self.uploaded(feed.targets, leaf)?,
            Source::DropoutMask(i) => self.uploaded(feed.masks.get(i), leaf)?,
            source @ (Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent) => {
                self.part(feed.direction.as_ref(), column, layout.direction(source), layout.direction_len, leaf)
            }
            Source::Saved(k) => {
                let saved = feed.saved.and_then(|s| s.storage::<SavedTensors>());
                let tensor = saved.and_then(|s| s.places.get(k)).and_then(|t| t.as_ref()).map(|t| t.tensor());
                tensor.filter(|t| t.numel() as i64 == elements).map(Tensor::shallow_clone)
            }
        };
        let shaped = found.and_then(|t| if t.size() == leaf.sizes { Some(t) } else { t.f_view(&leaf.sizes[..]).ok() });
        shaped.ok_or_else(|| {
            let expected = format!("{elements} entries in {}", self.precision);
            self.wrong(leaf, expected, "none, or of another length or type")
        })
    }

    /// A part of a flat vector.
    fn part(
        &self,
        view: Option<&View<'_>>,
        column: usize,
        offset: Option<usize>,
        len: usize,
        leaf: &Leaf,
    ) -> Option<Tensor> {
        let view = view?;
        let columns = view.block.storage::<Columns>().filter(|c| c.precision == self.precision)?;
        let column = view.columns.start + column;
        if view.block.rows() != len || column >= view.block.columns() {
            return None;
        }
        let row = columns.tensor.tensor().f_select(0, column as i64).ok()?;
        row.f_narrow(0, offset? as i64, leaf.sizes.iter().product()).ok()
    }

    /// An uploaded tensor, which must have exactly the entries of the leaf.
    fn uploaded(&self, tensor: Option<&DeviceTensor>, leaf: &Leaf) -> Result<Option<Tensor>, BackendError> {
        let found = tensor.and_then(|t| t.storage::<Uploaded>()).filter(|u| u.kind == leaf.kind);
        let Some(found) = found.map(|u| u.tensor.tensor()) else { return Ok(None) };
        let real = match self.precision {
            Precision::F32 => tch::Kind::Float,
            Precision::F64 => tch::Kind::Double,
        };
        if leaf.kind == Kind::Real && found.kind() != real {
            return Ok(None);
        }
        let (held, elements) = (found.numel() as i64, leaf.sizes.iter().product::<i64>());
        if held != elements {
            return Err(self.wrong(leaf, format!("{elements} entries"), held));
        }
        Ok(Some(found.shallow_clone()))
    }

    fn wrong(&self, leaf: &Leaf, expected: impl ToString, found: impl ToString) -> BackendError {
        BackendError::input(self.program, &self.layout.describe(leaf.source), expected, found)
    }
}
