//! The architecture trait.
//!
//! A model does not touch tensors: it records a graph. So one source runs on every backend, a plugin needs neither
//! Candle nor libtorch, and names and shapes are known before any memory is taken. The price is a fixed list of
//! primitives; what is not in it cannot be expressed.

use crate::error::GraphError;
use crate::graph::{Graph, GraphBuilder, Mode, ValueId};

/// What a model is made for: the data decides, options may override the classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Sizes of one sample, such as `[1, 28, 28]`.
    pub input: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
}

/// An architecture.
pub trait Model: Send + Sync {
    /// Records the network: from samples `x [B, …]` to its output `[B, classes]`.
    ///
    /// # Errors
    /// Where the samples have the wrong shape or a layer does not fit.
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError>;

    /// The values that the architecture itself brings, by the names of parameters and buffers: a file can hold a network
    /// together with its weights. Usually none; what is not named starts as its initialiser says.
    ///
    /// # Errors
    /// Where there should be some and they cannot be read.
    fn values(&self) -> Result<Vec<(String, Vec<f64>)>, GraphError> {
        Ok(Vec::new())
    }
}

/// Subtraction of a mean and division by a deviation per channel, as the first step of the network, so that
/// input-space quantities refer to pixels in [0, 1].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normalization {
    /// One mean per channel, or one for all; empty for none.
    pub mean: Vec<f64>,
    /// As many deviations.
    pub deviation: Vec<f64>,
}

/// Records a whole network for samples of the task's shape.
///
/// # Errors
/// As [`Model::build`].
pub fn record(model: &dyn Model, task: &Task, normalization: &Normalization, mode: Mode) -> Result<Graph, GraphError> {
    let mut g = GraphBuilder::new(mode);
    let mut x = g.samples(&task.input)?;
    if !normalization.mean.is_empty() {
        let channels = task.input.first().copied().unwrap_or(1);
        let spread = |v: &[f64]| if v.len() == 1 { vec![v[0]; channels] } else { v.to_vec() };
        x = g.normalize(x, &spread(&normalization.mean), &spread(&normalization.deviation))?;
    }
    let output = model.build(&mut g, x)?;
    g.finish(output)
}
