//! Trace and diagonal of the Gauss–Newton matrix without random probes.
//!
//! With Σ r rᵀ = H_L for the loss's Hessian in a sample's output ([`Loss::roots`](crate::loss::Loss::roots)), the matrix of one
//! sample is Σ (Jᵀr)(Jᵀr)ᵀ: its trace is Σ ‖Jᵀr‖² and its diagonal Σ (Jᵀr)². That takes C backward passes of each sample,
//! as much arithmetic as a handful of Hessian products over the whole data, where probes need hundreds for one per cent.
//! Where the network is linear in each parameter
//! ([`is_linear_in_each_parameter`](crate::program::Problem::is_linear_in_each_parameter)) these are the Hessian's.
//!
//! Samples go one by one, because a batch would add their vectors up before they are squared; the roots of a sample are
//! columns of one block, which a backend may run side by side. Decided against: random signs over the samples of a batch,
//! which are quicker for each pass and bring the noise back.

use super::{DataSource, DeviceBatch, OperatorError, Weights, compiled::Compiled};
use crate::backend::{Feed, SecondOrderBackend};
use crate::error::GraphError;
use crate::program::{Problem, Wrt};
use crate::vectors::{Block, norms};

/// The most columns of a block; more roots go one block after another.
const COLUMNS: usize = 16;

/// What was found, of the mean loss.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactDiagonal {
    /// Σ ‖Jᵀr‖² ÷ weight.
    pub trace: f64,
    /// The entries, where they were wanted.
    pub diagonal: Option<Vec<f64>>,
    /// Backward passes of single samples.
    pub backward_passes: usize,
}

/// Trace and, where `entries` says so, diagonal of the Gauss–Newton matrix of the mean loss; `weight` is the total weight of
/// the samples (that of an [`Evaluation`](super::Evaluation)). `progress` is told the samples done; where it returns false,
/// the pass ends. Cost: (1 + 2 C) F with C the entries of a sample's output.
///
/// # Errors
/// Where samples see each other, data cannot be read, an output is not finite, a product fails, or it is stopped.
pub fn exact_diagonal(
    (backend, problem, weights): (&dyn SecondOrderBackend, &Problem, &Weights),
    wrt: &Wrt,
    source: &dyn DataSource,
    weight: f64,
    entries: bool,
    progress: &mut dyn FnMut(usize) -> bool,
) -> Result<ExactDiagonal, OperatorError> {
    if problem.couples_samples() {
        let found = "batch norm in train mode";
        return Err(GraphError::mismatch("exact diagonal", "samples that do not see each other", found).into());
    }
    if weight.is_nan() || weight <= 0.0 {
        return Err(OperatorError::NoWeight(weight));
    }
    let product = problem.pull_back(wrt)?;
    let (mut primal, mut tangent) = (Compiled::new(product.primal), Compiled::new(product.tangent));
    let graph = problem.graph();
    let output = graph.output().map(|value| graph.shape(value));
    let (rows, width) = output.map_or((0, 1), |shape| (shape.elements().at(1), shape.last().at(1)));
    let n = problem.dimension(wrt).at(1);
    let precision = backend.info().precision;
    let (of_outputs, of_results) = (backend.space(rows, precision), backend.space(n, precision));
    let columns = rows.clamp(1, COLUMNS);
    let (mut cotangents, mut results) = (of_outputs.zeros(columns)?, of_results.zeros(columns)?);
    let mut saved = primal.at(backend, 1)?.new_saved()?;
    let mut found = ExactDiagonal { trace: 0.0, diagonal: entries.then(|| vec![0.0; n]), backward_passes: 0 };

    for sample in 0..source.len() {
        let data = DeviceBatch::load(backend, source, sample..sample + 1)?;
        let feed = || data.feed(weights.parameters.all(), weights.buffers.as_ref().map(Block::all));
        let outcome = primal.at(backend, 1)?.run(&feed(), None, Some(&mut saved))?;
        if outcome.output.iter().any(|z| !z.is_finite()) {
            return Err(OperatorError::NotFinite { what: "output", place: format!("sample {sample}") });
        }
        let roots = problem.loss_function().roots(&outcome.output, &data.host_labels, width);
        for roots in roots.chunks(rows.max(1) * columns) {
            let count = roots.len() / rows.max(1);
            for (column, root) in roots.chunks_exact(rows.max(1)).enumerate() {
                of_outputs.write(&mut cotangents, column, root)?;
            }
            of_results.scale(results.view_mut(0..count), &vec![0.0; count])?;
            let feed = Feed { direction: Some(cotangents.view(0..count)), saved: Some(&saved), ..feed() };
            tangent.at(backend, 1)?.run(&feed, Some(results.view_mut(0..count)), None)?;
            match &mut found.diagonal {
                None => {
                    let lengths = norms(of_results.as_ref(), results.view(0..count))?;
                    found.trace += lengths.iter().map(|length| length * length).sum::<f64>();
                }
                Some(diagonal) => {
                    for column in 0..count {
                        let pulled = of_results.read(&results, column)?;
                        diagonal.iter_mut().zip(pulled).for_each(|(d, v)| *d += v * v);
                    }
                }
            }
            found.backward_passes += count;
        }
        if !progress(sample + 1) {
            return Err(OperatorError::Interrupted);
        }
    }
    if let Some(diagonal) = &mut found.diagonal {
        diagonal.iter_mut().for_each(|d| *d /= weight);
        found.trace = diagonal.iter().sum();
    } else {
        found.trace /= weight;
    }
    if !found.trace.is_finite() {
        return Err(OperatorError::NotFinite { what: "trace", place: "the sum over samples".to_string() });
    }
    Ok(found)
}
