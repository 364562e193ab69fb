//! Where a program's inputs lie within the flat vectors of a feed, and whether those have the lengths it needs.
//!
//! Every backend needs this and none differs in it, so it is here; what a block's memory is stays the backend's own.

use crate::backend::{BackendError, Feed};
use crate::graph::Source;
use crate::program::Program;
use crate::vectors::ViewMut;
use std::collections::HashMap;

/// Offsets of the parts of flat vectors, for one batch size.
#[derive(Debug, Clone)]
pub struct Layout {
    parameters: Vec<(String, usize)>,
    buffers: Vec<(String, usize)>,
    direction: HashMap<Source, usize>,
    /// Length of the concatenated parameters.
    pub parameter_len: usize,
    /// Length of the concatenated buffers.
    pub buffer_len: usize,
    /// Length of a direction.
    pub direction_len: usize,
    /// Length of a result column.
    pub result_len: usize,
}

impl Layout {
    /// The layout of a program's feed.
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

    /// First entry of parameter i in the concatenated parameters.
    pub fn parameter(&self, i: usize) -> Option<usize> {
        self.parameters.get(i).map(|p| p.1)
    }

    /// First entry of buffer i in the concatenated buffers.
    pub fn buffer(&self, i: usize) -> Option<usize> {
        self.buffers.get(i).map(|b| b.1)
    }

    /// First entry of a leaf's part of the direction.
    pub fn direction(&self, source: Source) -> Option<usize> {
        self.direction.get(&source).copied()
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

    /// The number of directions, after checking the lengths of direction and result.
    ///
    /// # Errors
    /// Where a length or a range of columns does not fit.
    pub fn check(&self, program: &str, feed: &Feed<'_>, result: Option<&ViewMut<'_>>) -> Result<usize, BackendError> {
        let columns = match &feed.direction {
            Some(d) if !self.direction.is_empty() => {
                if d.block.rows() != self.direction_len || d.columns.end > d.block.columns() {
                    let found = format!("{:?} of {:?}", d.columns, d.block);
                    let expected = format!("columns of length {}", self.direction_len);
                    return Err(BackendError::input(program, "direction", expected, found));
                }
                d.len()
            }
            _ => 1,
        };
        if let Some(r) = result {
            let fits = r.block.rows() == self.result_len && r.len() == columns && r.columns.end <= r.block.columns();
            if !fits {
                let expected = format!("{columns} columns of length {}", self.result_len);
                let found = format!("{:?} of {:?}", r.columns, r.block);
                return Err(BackendError::input(program, "result", expected, found));
            }
        }
        Ok(columns)
    }
}
