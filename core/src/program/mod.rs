//! Programs: a graph with roles for its outputs, ready to be compiled by a backend.
//!
//! A [`Problem`] (network and loss) makes all of them: loss, gradient, H·v, G·v, F·v, J·v, Jᵀ·v, with respect to any subset
//! of the parameters or to the samples. Products come as a [`Product`] of two programs, the primal one (once per batch)
//! and the tangent one (once per direction).

mod bytes;
mod cure;
mod curvature;
mod layers;
mod mixed;
mod multilinear;
mod order;
mod problem;
mod trades;

pub use curvature::Curvature;
pub use layers::Layer;
pub use problem::{Problem, Product, Wrt};

use crate::graph::{Dim, Graph, Source, ValueId};
use serde::{Deserialize, Serialize};

/// What an output is for, and so where the backend puts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The sum-reduced loss, a scalar.
    Loss,
    /// The sum of weights, a scalar.
    Weight,
    /// Added into the result column from this row on.
    Flat {
        /// First row.
        offset: usize,
    },
    /// Returned to the host: the network's output.
    Output,
    /// Returned to the host: the loss of each sample.
    PerSampleLoss,
    /// Kept on the device for the tangent program.
    Saved(usize),
    /// The next value of a buffer, returned to the host.
    Buffer(usize),
}

/// A value with its role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Which value.
    pub value: ValueId,
    /// What for.
    pub role: Role,
}

/// Where a leaf reads its part of the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The leaf.
    pub source: Source,
    /// First row of its part.
    pub offset: usize,
}

/// Something a backend can compile.
#[derive(Debug, Clone)]
pub struct Program {
    /// For messages.
    pub name: String,
    /// The computation.
    pub graph: Graph,
    /// Its results.
    pub outputs: Vec<Output>,
    /// The parts of the direction, if it reads one.
    pub direction: Vec<Segment>,
    /// Length of the direction.
    pub direction_len: Dim,
    /// Length of the result column.
    pub result_len: Dim,
}
