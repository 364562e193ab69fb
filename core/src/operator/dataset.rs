//! The Hessian (or Gauss–Newton matrix, or Fisher matrix) of a loss over a data set, as an operator.
//!
//! H = Σ_b H[Σ_i w_i ℓ_i] / Σ_b Σ_i w_i: every product is of the sum-reduced loss, and one division comes at the end.
//! Unequal last batches, class weights and ignored labels are right by construction. The primal part of each batch is
//! kept while the memory budget lasts and run again beyond it; both ways give the same result, because the same program
//! runs on the same numbers. Where the device runs out of memory, less is kept, and then batches are halved.

use super::{
    LinearOperator, OperatorError, batches,
    compiled::CompiledProduct,
    evaluate::{DeviceBatch, Weights},
    notice,
    source::DataSource,
};
use crate::backend::{HostTensor, Saved, SecondOrderBackend};
use crate::program::{Curvature, Problem, Wrt};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known once the first product has been formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheReport {
    /// Batches in all.
    pub batches: usize,
    /// Batches whose primal part is kept.
    pub kept: usize,
    /// Bytes held by kept parts.
    pub bytes: usize,
}

struct Entry {
    range: Range<usize>,
    kept: Option<(DeviceBatch, Saved)>,
}

struct State {
    product: CompiledProduct,
    entries: Vec<Entry>,
    held: usize,
    budget: usize,
    weight: Option<f64>,
    scratch: Option<(usize, Saved)>,
    sums: Option<Block>,
}

/// The operator; see the module.
pub struct DatasetOperator<'a> {
    backend: &'a dyn SecondOrderBackend,
    weights: &'a Weights,
    source: &'a dyn DataSource,
    space: Box<dyn VectorSpace>,
    wide: Box<dyn VectorSpace>,
    state: Mutex<State>,
    interrupt: Option<&'a (dyn Fn() -> bool + Send + Sync)>,
}

impl<'a> DatasetOperator<'a> {
    /// Records and splits the product of a curvature matrix. `budget` bounds the bytes of kept primal parts.
    ///
    /// # Errors
    /// Where the source is empty or the derivative cannot be recorded.
    #[allow(clippy::too_many_arguments)] // each is a different thing that the caller owns
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        curvature: Curvature,
        wrt: &Wrt,
        weights: &'a Weights,
        source: &'a dyn DataSource,
        batch: usize,
        budget: usize,
    ) -> Result<Self, OperatorError> {
        let product = CompiledProduct::new(problem, curvature, wrt)?;
        Self::of(backend, product, weights, source, batch, budget)
    }

    /// The operator of a product that is recorded already, perhaps compiled and used at other weights.
    ///
    /// # Errors
    /// Where the source is empty.
    pub fn of(
        backend: &'a dyn SecondOrderBackend,
        product: CompiledProduct,
        weights: &'a Weights,
        source: &'a dyn DataSource,
        batch: usize,
        budget: usize,
    ) -> Result<Self, OperatorError> {
        if source.is_empty() {
            return Err(OperatorError::Data("expected at least one sample, found none".into()));
        }
        let dimension = product.dimension();
        let entries = batches(source.len(), batch).map(|range| Entry { range, kept: None }).collect();
        let state = State { product, entries, held: 0, budget, weight: None, scratch: None, sums: None };
        Ok(DatasetOperator {
            backend,
            weights,
            source,
            space: backend.space(dimension, backend.info().precision),
            wide: backend.space(dimension, Precision::F64),
            state: Mutex::new(state),
            interrupt: None,
        })
    }

    /// Asks `stop` before every batch and ends the product with [`OperatorError::Interrupted`] when it says so.
    pub fn interrupted_by(mut self, stop: &'a (dyn Fn() -> bool + Send + Sync)) -> Self {
        self.interrupt = Some(stop);
        self
    }

    /// The compiled product, to be used again where the weights or the samples are others.
    pub fn into_product(self) -> CompiledProduct {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).product
    }

    /// How much of the primal part is kept.
    pub fn cache_report(&self) -> CacheReport {
        let state = self.lock();
        CacheReport {
            batches: state.entries.len(),
            kept: state.entries.iter().filter(|e| e.kept.is_some()).count(),
            bytes: state.held,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves only caches behind, which are valid at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room where memory is short: what is kept goes first, half of it for good; then batches are halved. Says whether
    /// there was anything to give up.
    fn make_room(&self, state: &mut State, error: &OperatorError) -> bool {
        let held = std::mem::take(&mut state.held);
        state.scratch = None;
        state.entries.iter_mut().for_each(|e| e.kept = None);
        if held > 0 {
            state.budget = held / 2;
            crate::plugin::log(2, &format!("half of {held} bytes of kept intermediate results are given up: {error}"));
            return true;
        }
        let largest = state.entries.iter().map(|e| e.range.len()).max().unwrap_or(0);
        if largest < 2 || state.product.is_coupled() {
            return false;
        }
        let half = largest.div_ceil(2);
        notice(largest, half, error);
        state.product.forget();
        let parts = |e: &Entry| {
            let start = e.range.start;
            let part = move |r: Range<usize>| Entry { range: start + r.start..start + r.end, kept: None };
            batches(e.range.len(), half).map(part).collect::<Vec<_>>()
        };
        state.entries = state.entries.iter().flat_map(parts).collect();
        true
    }

    /// Runs every batch; `wide` takes the sums.
    fn accumulate(&self, state: &mut State, x: &View<'_>, sums: &mut Block) -> Result<(), OperatorError> {
        let State { product, entries, held, budget, scratch, weight, .. } = state;
        let first_pass = weight.is_none();
        let mut total = 0.0;
        for entry in entries {
            if self.interrupt.is_some_and(|stop| stop()) {
                return Err(OperatorError::Interrupted);
            }
            let size = entry.range.len();
            let buffers = self.weights.buffers.as_ref().map(Block::all);
            let fresh;
            let mut temporary = None;
            let (data, saved) = match &entry.kept {
                Some((data, saved)) => (data, saved),
                None => {
                    let mut data = DeviceBatch::load(self.backend, self.source, entry.range.clone())?;
                    let (program, draws) = product.primal(self.backend, size)?;
                    let roots = draws.map_or(0, |d| d.bytes(size, self.space.precision()));
                    let cost = program.saved_bytes() + data.bytes() + roots;
                    let keep = held.saturating_add(cost) <= *budget;
                    let mut saved = match scratch.take() {
                        Some((n, saved)) if n == size && !keep => saved,
                        other => {
                            if keep {
                                *scratch = other;
                            }
                            program.new_saved()?
                        }
                    };
                    let feed = data.feed(self.weights.parameters.all(), buffers.clone());
                    let outcome = program.run(&feed, None, Some(&mut saved))?;
                    if !outcome.loss.is_finite() {
                        let place = program.first_not_finite(&feed)?.unwrap_or_else(|| "the sum".into());
                        let place = format!("samples {:?}, {place}", entry.range);
                        return Err(OperatorError::NotFinite { what: "loss", place });
                    }
                    total += outcome.weight;
                    if let Some(draws) = draws {
                        let roots = draws.roots(&outcome.output, &data.host_labels, &entry.range)?;
                        data.targets = Some(self.backend.upload(&HostTensor::Real(roots))?);
                    }
                    if keep {
                        *held += cost;
                        let (data, saved) = entry.kept.insert((data, saved));
                        (&*data, &*saved)
                    } else {
                        fresh = data;
                        (&fresh, &*temporary.insert(saved))
                    }
                }
            };
            let mut feed = data.feed(self.weights.parameters.all(), buffers);
            feed.direction = Some(x.clone());
            feed.saved = Some(saved);
            product.tangent(self.backend, size)?.run(&feed, Some(sums.view_mut(0..x.len())), None)?;
            if let Some(saved) = temporary {
                *scratch = Some((size, saved));
            }
        }
        if first_pass {
            if total.is_nan() || total <= 0.0 {
                return Err(OperatorError::NoWeight(total));
            }
            *weight = Some(total);
        }
        Ok(())
    }
}

impl LinearOperator for DatasetOperator<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.space.as_ref()
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        if x.len() != y.len() {
            return Err(VectorError::mismatch("apply", x.len(), y.len()).into());
        }
        let mut state = self.lock();
        let mut sums = match state.sums.take() {
            Some(block) if block.columns() >= x.len() => block,
            _ => self.wide.zeros(x.len())?,
        };
        let result = loop {
            self.wide.scale(sums.view_mut(0..x.len()), &vec![0.0; x.len()])?;
            match self.accumulate(&mut state, &x, &mut sums) {
                Err(error) if error.is_out_of_memory() && self.make_room(&mut state, &error) => {}
                result => break result,
            }
        };
        if let (Ok(()), Some(weight)) = (&result, state.weight) {
            self.wide.scale(sums.view_mut(0..x.len()), &vec![1.0 / weight; x.len()])?;
            self.space.copy(sums.view(0..x.len()), y)?;
        }
        state.sums = Some(sums);
        result
    }
}
