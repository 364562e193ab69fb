//! One probe's Lanczos recurrence.

use hesse_core::estimate::EstimateError;
use hesse_core::vectors::{Block, VectorError, VectorSpace, norms};

/// In units of epsilon and of the operator's norm: β below this is rounding.
const ROUNDING: f64 = 64.0;

/// Vectors and coefficients of one probe.
pub(crate) struct Recurrence {
    vectors: Block,
    keep: bool,
    /// The index of the vector that comes next; `alpha.len()` of them were multiplied.
    alpha: Vec<f64>,
    beta: Vec<f64>,
    scale: f64,
    ended: bool,
    exact: bool,
}

impl Recurrence {
    /// Begins with the first column of `start`, made a unit vector; ended at once where it is zero.
    pub fn new(
        space: &dyn VectorSpace,
        start: &Block,
        column: usize,
        steps: usize,
        keep: bool,
    ) -> Result<Self, VectorError> {
        let mut vectors = space.zeros(if keep { steps } else { 2 })?;
        let view = start.view(column..column + 1);
        let norm = norms(space, view.clone())?.first().copied().unwrap_or(0.0);
        let ended = norm == 0.0 || !norm.is_finite();
        if !ended {
            space.copy(view, vectors.view_mut(0..1))?;
            space.scale(vectors.view_mut(0..1), &[1.0 / norm])?;
        }
        Ok(Recurrence { vectors, keep, alpha: Vec::new(), beta: Vec::new(), scale: 0.0, ended, exact: false })
    }

    /// Whether nothing more is to be done.
    pub fn ended(&self) -> bool {
        self.ended
    }
    /// Whether it ended because its space is invariant.
    pub fn exact(&self) -> bool {
        self.exact
    }
    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.alpha.len()
    }
    /// Diagonal and off-diagonal of T.
    pub fn tridiagonal(&self) -> (&[f64], &[f64]) {
        (&self.alpha, &self.beta)
    }

    fn slot(&self, index: usize) -> std::ops::Range<usize> {
        let at = if self.keep { index } else { index % 2 };
        at..at + 1
    }

    /// Copies the vector that is to be multiplied.
    pub fn current(&self, space: &dyn VectorSpace, to: &mut Block, column: usize) -> Result<(), VectorError> {
        space.copy(self.vectors.view(self.slot(self.alpha.len())), to.view_mut(column..column + 1))
    }

    /// Takes in its product, which is overwritten. `most` steps at most, in a space of this dimension.
    pub fn advance(
        &mut self,
        space: &dyn VectorSpace,
        image: &mut Block,
        column: usize,
        most: usize,
        dimension: usize,
    ) -> Result<(), EstimateError> {
        let step = self.alpha.len();
        let w = column..column + 1;
        let alpha = if self.keep {
            self.reorthogonalize(space, image, column)?
        } else {
            self.three_terms(space, image, column)?
        };
        let beta = norms(space, image.view(w.clone()))?.first().copied().unwrap_or(f64::NAN);
        if !(alpha.is_finite() && beta.is_finite()) {
            return Err(EstimateError::NotFinite { product: step + 1 });
        }
        self.alpha.push(alpha);
        self.scale = self.scale.max(alpha.abs().hypot(beta).hypot(self.beta.last().copied().unwrap_or(0.0)));
        let full = step + 1 >= dimension;
        // `<=`, because everything is zero for a zero operator. Without reorthogonalisation as many steps as dimensions
        // do not span the space.
        let invariant = beta <= ROUNDING * space.precision().epsilon() * self.scale;
        if invariant || full {
            (self.ended, self.exact) = (true, invariant || self.keep);
        } else if step + 1 >= most {
            self.ended = true;
        } else {
            let next = self.slot(step + 1);
            space.scale(image.view_mut(w.clone()), &[1.0 / beta])?;
            space.copy(image.view(w), self.vectors.view_mut(next))?;
            self.beta.push(beta);
        }
        Ok(())
    }

    /// Two passes over all vectors; α.
    fn reorthogonalize(&self, space: &dyn VectorSpace, image: &mut Block, column: usize) -> Result<f64, VectorError> {
        let step = self.alpha.len();
        let mut alpha = 0.0;
        for _ in 0..2 {
            let basis = self.vectors.view(0..step + 1);
            let parts = space.gram(basis.clone(), image.view(column..column + 1))?;
            let taken: Vec<f64> = parts.iter().map(|c| -c).collect();
            space.combine(image.view_mut(column..column + 1), 1.0, basis, &taken)?;
            alpha += parts.last().copied().unwrap_or(0.0);
        }
        Ok(alpha)
    }

    /// The bare recurrence; α.
    fn three_terms(&self, space: &dyn VectorSpace, image: &mut Block, column: usize) -> Result<f64, VectorError> {
        let step = self.alpha.len();
        let w = column..column + 1;
        if let Some(&beta) = self.beta.last() {
            space.combine(image.view_mut(w.clone()), 1.0, self.vectors.view(self.slot(step - 1)), &[-beta])?;
        }
        let current = self.vectors.view(self.slot(step));
        let alpha = space.gram(current.clone(), image.view(w.clone()))?.first().copied().unwrap_or(f64::NAN);
        space.combine(image.view_mut(w), 1.0, current, &[-alpha])?;
        Ok(alpha)
    }
}
