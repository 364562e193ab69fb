//! Losses, always sum-reduced, and the total weight that turns sums into means.
//!
//! A mean over a batch is wrong as soon as batches are unequal, classes are weighted or labels are ignored; a sum over
//! all batches divided once by the sum of weights is right by construction. So a loss reports both.

mod draw;
mod roots;

use crate::error::GraphError;
use crate::graph::{Dim, Graph, Kind, Op, Scalar, Shape, Source, ValueId};

/// What is minimised.
#[derive(Debug, Clone, PartialEq)]
pub enum Loss {
    /// −Σ_i w_{y_i} log p_{y_i}, with PyTorch's meaning of every option.
    CrossEntropy {
        /// Share ε of the target spread evenly over the classes.
        label_smoothing: f64,
        /// One weight per class.
        class_weights: Option<Vec<f64>>,
        /// Samples with this label count for nothing.
        ignored_label: Option<u32>,
    },
    /// Σ (z − t)² against real targets; the weight is the number of entries.
    SquaredError,
    /// Σ (z − e_y)² against the one-hot vector of the label; the weight is the number of entries.
    SquaredErrorOneHot,
}

impl Default for Loss {
    fn default() -> Self {
        Loss::CrossEntropy { label_smoothing: 0.0, class_weights: None, ignored_label: None }
    }
}

/// The values a loss adds to a graph.
#[derive(Debug, Clone, Copy)]
pub struct LossValues {
    /// Loss of each sample, weighted, `[B, …]`.
    pub per_sample: ValueId,
    /// Weight of each of these losses, of the same shape.
    pub weights: ValueId,
    /// The sum of the losses, a scalar.
    pub total: ValueId,
    /// The sum of weights, a scalar.
    pub weight: ValueId,
}

impl Loss {
    /// Appends the loss of `output` to the graph.
    ///
    /// # Errors
    /// Where class weights do not fit the classes or the smoothing is outside [0, 1).
    pub fn record(&self, g: &mut Graph, output: ValueId) -> Result<LossValues, GraphError> {
        let shape = g.shape(output).clone();
        let leading = Shape::new(shape.dims()[..shape.rank().saturating_sub(1)].to_vec())?;
        // A graph that was read from bytes may have any output.
        if shape.dims().first() != Some(&Dim::Batch(1)) {
            return Err(GraphError::mismatch("loss", "an output [B, …]", &shape));
        }
        match self {
            Loss::CrossEntropy { label_smoothing, class_weights, ignored_label } => {
                let Dim::Fixed(classes) = shape.last() else {
                    return Err(GraphError::mismatch("cross-entropy", "[B, …, classes]", &shape));
                };
                if !(0.0..1.0).contains(label_smoothing) {
                    return Err(GraphError::mismatch("cross-entropy", "label smoothing in [0, 1)", label_smoothing));
                }
                let given = g.leaf(Source::Labels, leading.clone(), Kind::Index)?;
                let labels = match ignored_label {
                    Some(l) => g.push(Op::IndexReplace(*l, 0), &[given])?,
                    None => given,
                };
                let weights = sample_weights(g, &leading, given, labels, class_weights, *ignored_label, classes)?;
                let hard = g.push(Op::CrossEntropy, &[output, labels])?;
                let hard = g.mul(hard, weights)?;
                let per_sample = if *label_smoothing == 0.0 {
                    hard
                } else {
                    let soft = smooth(g, output, given, class_weights, *ignored_label, classes)?;
                    let hard = g.scale(hard, 1.0 - label_smoothing)?;
                    let soft = g.scale(soft, label_smoothing / classes as f64)?;
                    g.add(hard, soft)?
                };
                finish(g, per_sample, weights)
            }
            Loss::SquaredError => {
                let target = g.leaf(Source::Targets, shape, Kind::Real)?;
                squared(g, output, target)
            }
            Loss::SquaredErrorOneHot => {
                let Dim::Fixed(classes) = shape.last() else {
                    return Err(GraphError::mismatch("squared error", "[B, …, classes]", &shape));
                };
                let labels = g.leaf(Source::Labels, leading, Kind::Index)?;
                let target = g.push(Op::OneHot(classes), &[labels])?;
                squared(g, output, target)
            }
        }
    }

    /// Whether it needs class labels (else real targets).
    pub fn uses_labels(&self) -> bool {
        !matches!(self, Loss::SquaredError)
    }
}

fn sample_weights(
    g: &mut Graph,
    leading: &Shape,
    given: ValueId,
    labels: ValueId,
    class_weights: &Option<Vec<f64>>,
    ignored: Option<u32>,
    classes: usize,
) -> Result<ValueId, GraphError> {
    let weights = match class_weights {
        None => g.fill(1.0, leading.clone())?,
        Some(w) => {
            if w.len() != classes {
                return Err(GraphError::mismatch("class weights", format!("{classes} numbers"), w.len()));
            }
            let table = g.push(Op::Table(w.iter().map(|&v| Scalar(v)).collect()), &[])?;
            let column = g.push(Op::Reshape(Shape::fixed(&[classes, 1])?), &[table])?;
            let rows = g.push(Op::TakeRows, &[column, labels])?;
            g.push(Op::Reshape(leading.clone()), &[rows])?
        }
    };
    match ignored {
        None => Ok(weights),
        Some(_) => {
            let kept = kept(g, given, ignored)?;
            g.mul(weights, kept)
        }
    }
}

/// 1 where the label counts, else 0.
fn kept(g: &mut Graph, given: ValueId, ignored: Option<u32>) -> Result<ValueId, GraphError> {
    let shape = g.shape(given).clone();
    let Some(label) = ignored else { return g.fill(1.0, shape) };
    let equal = g.push(Op::IndexEquals(label), &[given])?;
    let negative = g.scale(equal, -1.0)?;
    g.push(Op::Shift(Scalar(1.0)), &[negative])
}

/// Σ_c w_c (log Σ exp z − z_c), zero for ignored samples.
fn smooth(
    g: &mut Graph,
    z: ValueId,
    given: ValueId,
    class_weights: &Option<Vec<f64>>,
    ignored: Option<u32>,
    classes: usize,
) -> Result<ValueId, GraphError> {
    let shape = g.shape(z).clone();
    let last = shape.rank() - 1;
    let (weighted, total) = match class_weights {
        None => (z, classes as f64),
        Some(w) => {
            let table = g.push(Op::Table(w.iter().map(|&v| Scalar(v)).collect()), &[])?;
            let table = g.broadcast(table, shape, &[last])?;
            (g.mul(z, table)?, w.iter().sum())
        }
    };
    let linear = g.sum(weighted, &[last])?;
    let lse = g.push(Op::LogSumExp, &[z])?;
    let lse = g.scale(lse, total)?;
    let difference = g.sub(lse, linear)?;
    let kept = kept(g, given, ignored)?;
    g.mul(difference, kept)
}

fn squared(g: &mut Graph, output: ValueId, target: ValueId) -> Result<LossValues, GraphError> {
    let shape = g.shape(output).clone();
    let difference = g.sub(output, target)?;
    let squares = g.mul(difference, difference)?;
    let inner: Vec<usize> = (1..shape.rank()).collect();
    let per_sample = g.sum(squares, &inner)?;
    let entries: usize = shape.dims().iter().skip(1).map(|d| d.at(1)).product();
    let weights = g.fill(entries as f64, g.shape(per_sample).clone())?;
    finish(g, per_sample, weights)
}

fn finish(g: &mut Graph, per_sample: ValueId, weights: ValueId) -> Result<LossValues, GraphError> {
    let axes: Vec<usize> = (0..g.shape(per_sample).rank()).collect();
    let total = g.sum(per_sample, &axes)?;
    let weight = g.sum(weights, &axes)?;
    Ok(LossValues { per_sample, weights, total, weight })
}
