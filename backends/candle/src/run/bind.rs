//! Finding the inputs of a program in what the caller feeds.

use crate::backend::Uploaded;
use crate::element::Element;
use crate::lower::{BufferId, Lowered, Origin};
use crate::run::SavedTensors;
use crate::space::Columns;
use candle_core::Tensor;
use hesse_core::backend::{BackendError, DeviceTensor, Feed};
use hesse_core::graph::{Kind, Source};
use hesse_core::program::Program;
use hesse_core::vectors::{View, ViewMut};
use std::collections::HashMap;

/// Offsets of the parts of flat vectors.
pub(super) struct Layout {
    parameters: Vec<(String, usize)>,
    buffers: Vec<(String, usize)>,
    direction: HashMap<Source, usize>,
    parameter_len: usize,
    buffer_len: usize,
    direction_len: usize,
    result_len: usize,
}

impl Layout {
    pub fn new(program: &Program, batch: usize) -> Self {
        let running = |sizes: &mut dyn Iterator<Item = (String, usize)>| {
            let mut offset = 0;
            let parts: Vec<(String, usize)> = sizes
                .map(|(name, n)| {
                    let part = (name, offset);
                    offset += n;
                    part
                })
                .collect();
            (parts, offset)
        };
        let g = &program.graph;
        let (parameters, parameter_len) = running(&mut g.parameters().iter().map(|p| (p.name.clone(), p.elements())));
        let (buffers, buffer_len) = running(&mut g.buffers().iter().map(|b| (b.name.clone(), b.elements())));
        Layout {
            parameters,
            buffers,
            direction: program.direction.iter().map(|s| (s.source, s.offset)).collect(),
            parameter_len,
            buffer_len,
            direction_len: program.direction_len.at(batch),
            result_len: program.result_len.at(batch),
        }
    }

    /// The name of an input for people.
    pub fn describe(&self, source: Source) -> String {
        match source {
            Source::Parameter(i) => self.parameters.get(i).map_or("parameter".into(), |p| format!("parameter {}", p.0)),
            Source::Buffer(i) => self.buffers.get(i).map_or("buffer".into(), |b| format!("buffer {}", b.0)),
            Source::Samples => "samples".into(),
            Source::Labels => "labels".into(),
            Source::Targets => "targets".into(),
            Source::DropoutMask(i) => format!("dropout mask {i}"),
            Source::Saved(k) => format!("kept value {k}"),
            Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent => "direction".into(),
        }
    }

    pub fn missing(&self, program: &str, input: &str) -> BackendError {
        mismatch(program, input, "a value", "none")
    }

    /// The number of directions, after checking the lengths of direction and result.
    pub fn check(&self, program: &str, feed: &Feed<'_>, result: Option<&ViewMut<'_>>) -> Result<usize, BackendError> {
        let columns = match &feed.direction {
            Some(d) if !self.direction.is_empty() => {
                if d.block.rows() != self.direction_len || d.columns.end > d.block.columns() {
                    let found = format!("{:?} of {:?}", d.columns, d.block);
                    return Err(mismatch(
                        program,
                        "direction",
                        format!("columns of length {}", self.direction_len),
                        found,
                    ));
                }
                d.len()
            }
            _ => 1,
        };
        if let Some(r) = result {
            let fits = r.block.rows() == self.result_len && r.len() == columns && r.columns.end <= r.block.columns();
            if !fits {
                let expected = format!("{columns} columns of length {}", self.result_len);
                return Err(mismatch(program, "result", expected, format!("{:?} of {:?}", r.columns, r.block)));
            }
        }
        Ok(columns)
    }
}

fn mismatch(program: &str, input: &str, expected: impl ToString, found: impl ToString) -> BackendError {
    BackendError::Input {
        program: program.to_string(),
        input: input.to_string(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

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
                Source::Parameter(i) => {
                    flat(feed.parameters.as_ref(), 0, layout.parameters.get(i).map(|p| p.1), layout.parameter_len)
                }
                Source::Buffer(i) => {
                    flat(feed.buffers.as_ref(), 0, layout.buffers.get(i).map(|b| b.1), layout.buffer_len)
                }
                Source::Samples => uploaded(feed.samples, info.kind),
                Source::Labels => uploaded(feed.labels, info.kind),
                Source::Targets => uploaded(feed.targets, info.kind),
                Source::DropoutMask(i) => uploaded(feed.masks.get(i), info.kind),
                Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent => {
                    flat(feed.direction.as_ref(), column, layout.direction.get(&source).copied(), layout.direction_len)
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
                return Err(mismatch(program, &name(), expected, "none, or of another length or type"));
            };
            let held = tensor.elem_count();
            let uploads = !matches!(source, Source::Saved(_)) && offset == 0 && held != info.elements.max(1);
            let exact = matches!(source, Source::Samples | Source::Labels | Source::Targets | Source::DropoutMask(_));
            if offset + info.elements > held || (exact && uploads) {
                return Err(mismatch(program, &name(), format!("{} entries", info.elements), held));
            }
            bound.push(Some((tensor, offset)));
        }
        Ok(Bound(bound))
    }
}
