//! Products and figures of groups of samples, for the error of data sampling.
//!
//! The Hessian of a data set is Σ_g H_g / Σ_g w_g. How far a number would move with other samples is seen from the
//! groups' own parts, with the vectors held fixed. Nothing is kept from one group to the next: each is read once.

use super::{
    DataSource, OperatorError, batches,
    compiled::Compiled,
    evaluate::{DeviceBatch, Weights},
    halving,
    source::Batch,
};
use crate::backend::SecondOrderBackend;
use crate::program::{Problem, Product};
use crate::vectors::{Block, VectorSpace, View};
use std::ops::Range;

/// Some consecutive samples of a source, as a source.
pub struct Slice<'a> {
    /// The whole.
    pub source: &'a dyn DataSource,
    /// Which samples of it.
    pub range: Range<usize>,
}

impl DataSource for Slice<'_> {
    fn len(&self) -> usize {
        self.range.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let start = self.range.start;
        self.source.batch(start + range.start..start + range.end)
    }
}

/// `samples` cut into so many consecutive groups whose sizes differ by one at most; fewer groups where there are fewer
/// samples.
pub fn groups(samples: usize, count: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let count = count.clamp(1, samples.max(1));
    (0..count).map(move |g| g * samples / count..(g + 1) * samples / count)
}

/// Sum-reduced products of one group at a time.
pub struct GroupProducts<'a> {
    backend: &'a dyn SecondOrderBackend,
    weights: &'a Weights,
    batch: usize,
    /// Whether samples of a batch see each other, so that a batch cannot be cut.
    coupled: bool,
    primal: Compiled,
    tangent: Compiled,
}

impl<'a> GroupProducts<'a> {
    /// Products with this matrix of a problem, `batch` samples at once.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        problem: &Problem,
        product: Product,
        weights: &'a Weights,
        batch: usize,
    ) -> Self {
        let (primal, tangent) = (Compiled::new(product.primal), Compiled::new(product.tangent));
        GroupProducts { backend, weights, batch: batch.max(1), coupled: problem.couples_samples(), primal, tangent }
    }

    /// `Y ← H_g X`, sum-reduced, with Y in the `wide` space of f64; returns the group's weight. Where the device runs out of
    /// memory, the group begins again with half as many samples at once.
    ///
    /// # Errors
    /// Where the data cannot be read or a product fails.
    pub fn apply(
        &mut self,
        group: &dyn DataSource,
        x: &View<'_>,
        wide: &dyn VectorSpace,
        y: &mut Block,
    ) -> Result<f64, OperatorError> {
        let (mut batch, coupled) = (self.batch, self.coupled);
        halving(
            &mut batch,
            coupled,
            |e: &OperatorError| Some(e),
            |at_once| {
                if at_once != self.batch {
                    self.primal.forget();
                    self.tangent.forget();
                    self.batch = at_once;
                }
                self.pass(group, x, wide, y)
            },
        )
    }

    fn pass(
        &mut self,
        group: &dyn DataSource,
        x: &View<'_>,
        wide: &dyn VectorSpace,
        y: &mut Block,
    ) -> Result<f64, OperatorError> {
        wide.scale(y.view_mut(0..x.len()), &vec![0.0; x.len()])?;
        let mut weight = 0.0;
        for range in batches(group.len(), self.batch) {
            let data = DeviceBatch::load(self.backend, group, range.clone())?;
            let buffers = self.weights.buffers.as_ref().map(Block::all);
            let program = self.primal.at(self.backend, range.len())?;
            let mut saved = program.new_saved()?;
            let mut feed = data.feed(self.weights.parameters.all(), buffers);
            let outcome = program.run(&feed, None, Some(&mut saved))?;
            if !outcome.loss.is_finite() {
                return Err(OperatorError::NotFinite { what: "loss", place: format!("samples {range:?} of a group") });
            }
            weight += outcome.weight;
            feed.direction = Some(x.clone());
            feed.saved = Some(&saved);
            self.tangent.at(self.backend, range.len())?.run(&feed, Some(y.view_mut(0..x.len())), None)?;
        }
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn groups_are_as_equal_as_they_can_be_and_leave_nothing_out() {
        assert_eq!(groups(10, 3).collect::<Vec<_>>(), [0..3, 3..6, 6..10]);
        assert_eq!(groups(2, 16).collect::<Vec<_>>(), [0..1, 1..2]);
        assert_eq!(groups(0, 4).map(|g| g.len()).sum::<usize>(), 0);
    }
}
