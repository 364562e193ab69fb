//! Finding the inputs of a program in what the caller feeds.

use crate::backend::Uploaded;
use crate::element::Element;
use crate::lower::{BufferId, Lowered, Origin};
use crate::run::SavedTensors;
use crate::space::Columns;
use candle_core::Tensor;
use hesse_core::backend::{BackendError, DeviceTensor, Feed};
use hesse_core::graph::{Kind, Source};
use hesse_core::layout::Layout;
use hesse_core::vectors::View;

/// The tensor and offset of every given buffer, for one direction.
pub(super) struct Bound(Vec<Option<(Tensor, usize)>>);

impl Bound {
    pub fn get(&self, b: BufferId) -> Option<(&Tensor, usize)> {
        self.0.get(b).and_then(|x| x.as_ref()).map(|(t, o)| (t, *o))
    }

    pub fn new<T: Element>(
        program: &str,
        lowered: &Lowered,
        layout: &Layout,
        feed: &Feed<'_>,
        column: usize,
    ) -> Result<Self, BackendError> {
        let flat = |view: Option<&View<'_>>, column: usize, offset: Option<usize>, len: usize| {
            let view = view?;
            let columns = view.block.storage::<Columns>().filter(|c| c.precision == T::PRECISION)?;
            let fits = view.block.rows() == len && view.columns.start + column < view.block.columns();
            fits.then(|| {
                (columns.tensor.clone(), (view.columns.start + column) * len + offset.unwrap_or(usize::MAX / 2))
            })
        };
        let uploaded = |tensor: Option<&DeviceTensor>, kind: Kind| {
            tensor.and_then(|t| t.storage::<Uploaded>()).filter(|u| u.kind == kind).map(|u| (u.tensor.clone(), 0))
        };
        let mut bound = Vec::with_capacity(lowered.buffers.len());
        for info in &lowered.buffers {
            let Origin::Input(source) = info.origin else {
                bound.push(None);
                continue;
            };
            let found = match source {
                Source::Parameter(i) => flat(feed.parameters.as_ref(), 0, layout.parameter(i), layout.parameter_len),
                Source::Buffer(i) => flat(feed.buffers.as_ref(), 0, layout.buffer(i), layout.buffer_len),
                Source::Samples => uploaded(feed.samples, info.kind),
                Source::Labels => uploaded(feed.labels, info.kind),
                Source::Targets => uploaded(feed.targets, info.kind),
                Source::DropoutMask(i) => uploaded(feed.masks.get(i), info.kind),
                Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent => {
                    flat(feed.direction.as_ref(), column, layout.direction(source), layout.direction_len)
                }
                Source::Saved(k) => feed
                    .saved
                    .and_then(|s| s.storage::<SavedTensors>())
                    .and_then(|s| s.0.get(k))
                    .map(|t| (t.clone(), 0)),
            };
            let name = || layout.describe(source);
            let Some((tensor, offset)) = found else {
                let expected = format!("{} entries in {}", info.elements, T::PRECISION);
                return Err(BackendError::input(program, &name(), expected, "none, or of another length or type"));
            };
            let held = tensor.elem_count();
            let uploads = !matches!(source, Source::Saved(_)) && offset == 0 && held != info.elements.max(1);
            let exact = matches!(source, Source::Samples | Source::Labels | Source::Targets | Source::DropoutMask(_));
            if offset + info.elements > held || (exact && uploads) {
                return Err(BackendError::input(program, &name(), format!("{} entries", info.elements), held));
            }
            bound.push(Some((tensor, offset)));
        }
        Ok(Bound(bound))
    }
}
