//! (I − UUᵀ) A (I − UUᵀ): an operator outside known directions.

use super::Scratch;
use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, VectorError, VectorSpace, View, ViewMut};

/// An operator with known orthonormal directions projected out on both sides, so that it stays symmetric whether or not
/// the directions are exact eigenvectors; there its eigenvalue is zero. Subtracting λuuᵀ was decided against: where u is
/// inexact the rest of it comes back as a false eigenvalue. Cost: one product, and four passes over U.
pub struct Deflated<'a> {
    operator: &'a dyn LinearOperator,
    known: View<'a>,
    scratch: Scratch,
}

impl<'a> Deflated<'a> {
    /// `operator` outside the span of `known`, whose columns must be orthonormal.
    ///
    /// # Errors
    /// Where the columns have another length, or are not orthonormal to what their precision allows.
    pub fn new(operator: &'a dyn LinearOperator, known: View<'a>) -> Result<Self, OperatorError> {
        let space = operator.space();
        if known.block.rows() != space.dimension() {
            return Err(VectorError::mismatch("deflation", space.dimension(), known.block.rows()).into());
        }
        let k = known.len();
        let gram = space.gram(known.clone(), known.clone())?;
        let off = |(i, v): (usize, &f64)| (v - if i / k == i % k { 1.0 } else { 0.0 }).abs();
        let worst = gram.iter().enumerate().map(off).fold(0.0, f64::max);
        if worst.is_nan() || worst > 1e3 * space.precision().epsilon() {
            let found = format!("off by {worst:.1e}");
            return Err(VectorError::mismatch("deflation", "orthonormal directions", found).into());
        }
        Ok(Deflated { operator, known, scratch: Scratch::default() })
    }

    /// Removes the known directions from columns.
    fn project(&self, mut x: ViewMut<'_>) -> Result<(), VectorError> {
        let space = self.operator.space();
        // Twice, because what rounding leaves of the first pass grows in a long iteration.
        for _ in 0..2 {
            let coefficients: Vec<f64> = space.gram(self.known.clone(), x.view())?.iter().map(|c| -c).collect();
            space.combine(x.again(), 1.0, self.known.clone(), &coefficients)?;
        }
        Ok(())
    }
}

impl LinearOperator for Deflated<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.operator.space()
    }

    fn apply(&self, x: View<'_>, mut y: ViewMut<'_>) -> Result<(), OperatorError> {
        if self.known.is_empty() {
            return self.operator.apply(x, y);
        }
        let k = x.len();
        let mut inside: Block = self.scratch.take(self.space(), k)?;
        self.space().copy(x, inside.view_mut(0..k))?;
        self.project(inside.view_mut(0..k))?;
        self.operator.apply(inside.view(0..k), y.again())?;
        self.scratch.put(inside);
        Ok(self.project(y)?)
    }
}
