//! Programs compiled for the batch sizes that occur, apart from weights and samples.
//!
//! Recording, splitting and compiling a product of a deep network takes longer than the product itself on few samples.
//! A measurement that is repeated at other weights, as along a training, keeps the compiled product and replaces the
//! rest.

use super::OperatorError;
use crate::backend::{BackendError, Executable, SecondOrderBackend};
use crate::loss::Loss;
use crate::program::{Curvature, Problem, Program, Wrt};
use crate::random::{Purpose, Stream};
use crate::vectors::Precision;
use std::collections::HashMap;
use std::ops::Range;

/// A program compiled by batch size: a data set has at most two, the full and the last one.
pub(super) struct Compiled {
    program: Program,
    by_batch: HashMap<usize, Box<dyn Executable>>,
}

impl Compiled {
    pub(super) fn new(program: Program) -> Self {
        Compiled { program, by_batch: HashMap::new() }
    }

    /// Lets go of what is compiled, and of its working memory.
    pub(super) fn forget(&mut self) {
        self.by_batch.clear();
    }

    pub(super) fn at(
        &mut self,
        backend: &dyn SecondOrderBackend,
        batch: usize,
    ) -> Result<&mut dyn Executable, BackendError> {
        use std::collections::hash_map::Entry;
        Ok(match self.by_batch.entry(batch) {
            Entry::Occupied(e) => e.into_mut().as_mut(),
            Entry::Vacant(e) => e.insert(backend.compile(&self.program, batch)?).as_mut(),
        })
    }
}

/// Both programs of a product with a curvature matrix. It belongs to the backend that has run it first.
pub struct CompiledProduct {
    primal: Compiled,
    tangent: Compiled,
    dimension: usize,
    draws: Option<Draws>,
    /// Whether samples of a batch see each other, so that a batch cannot be cut.
    coupled: bool,
}

/// The random square roots of a Monte-Carlo Fisher matrix.
pub(super) struct Draws {
    loss: Loss,
    draws: usize,
    seed: u64,
    /// Entries of the output for one sample, and of its last axis.
    output: usize,
    width: usize,
}

impl CompiledProduct {
    /// Records the product with a curvature matrix.
    ///
    /// # Errors
    /// Where the derivative cannot be recorded.
    pub fn new(problem: &Problem, curvature: Curvature, wrt: &Wrt) -> Result<Self, OperatorError> {
        Ok(Self::of(problem, problem.curvature(curvature, wrt)?, curvature, wrt))
    }

    /// Records the product with the block-diagonal part of a curvature matrix; each block is a list of parameters.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where the blocks do not divide the selected parameters among them.
    pub fn block_diagonal(
        problem: &Problem,
        curvature: Curvature,
        wrt: &Wrt,
        blocks: &[Vec<usize>],
    ) -> Result<Self, OperatorError> {
        Ok(Self::of(problem, problem.block_diagonal(curvature, wrt, blocks)?, curvature, wrt))
    }

    fn of(problem: &Problem, product: crate::program::Product, curvature: Curvature, wrt: &Wrt) -> Self {
        let draws = match curvature {
            Curvature::MonteCarloFisher { draws, seed } => {
                let graph = problem.graph();
                let shape = graph.output().map(|value| graph.shape(value));
                let output = shape.map_or(0, |shape| shape.elements().at(1));
                let width = shape.map_or(1, |shape| shape.last().at(1));
                Some(Draws { loss: problem.loss_function().clone(), draws, seed, output, width })
            }
            _ => None,
        };
        CompiledProduct {
            primal: Compiled::new(product.primal),
            tangent: Compiled::new(product.tangent),
            dimension: problem.dimension(wrt).at(0),
            draws,
            coupled: problem.couples_samples(),
        }
    }

    /// Length of the vectors.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    pub(super) fn is_coupled(&self) -> bool {
        self.coupled
    }

    /// Lets go of what is compiled, and of its working memory.
    pub(super) fn forget(&mut self) {
        self.primal.forget();
        self.tangent.forget();
    }

    pub(super) fn primal(
        &mut self,
        backend: &dyn SecondOrderBackend,
        batch: usize,
    ) -> Result<(&mut dyn Executable, Option<&Draws>), BackendError> {
        Ok((self.primal.at(backend, batch)?, self.draws.as_ref()))
    }

    pub(super) fn tangent(
        &mut self,
        backend: &dyn SecondOrderBackend,
        batch: usize,
    ) -> Result<&mut dyn Executable, BackendError> {
        self.tangent.at(backend, batch)
    }
}

impl Draws {
    /// The roots of a batch, `[B, draws, …]`. Sample i of the source has stream i, so they do not depend on the batches.
    pub(super) fn roots(
        &self,
        output: &[f64],
        labels: &[u32],
        range: &Range<usize>,
    ) -> Result<Vec<f64>, OperatorError> {
        let count = range.len();
        let mut roots = Vec::with_capacity(count * self.draws * self.output);
        for (i, output) in output.chunks(self.output.max(1)).enumerate() {
            if output.iter().any(|z| !z.is_finite()) {
                let place = format!("sample {}", range.start + i);
                return Err(OperatorError::NotFinite { what: "the network's output", place });
            }
            let each = labels.len() / count.max(1);
            let own = labels.get(i * each..(i + 1) * each).unwrap_or_default();
            let mut stream = Stream::new(self.seed, Purpose::ModelLabels, (range.start + i) as u64);
            roots.extend(self.loss.draw_roots(output, own, self.width, self.draws, &mut stream));
        }
        Ok(roots)
    }

    pub(super) fn bytes(&self, batch: usize, precision: Precision) -> usize {
        batch * self.draws * self.output * precision.bytes()
    }
}
