//! An operator on the orthogonal complement of known vectors, and the square of an operator.
//!
//! tr A = Σ uᵀAu + tr PAP for any orthonormal u and P = I − UUᵀ: what is known exactly is left out of what is estimated,
//! and the estimate stays unbiased even where the vectors are not converged. The image is projected too: products bring
//! the known directions back with every rounding, multiplied by the largest eigenvalues.

use super::KnownPairs;
use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, VectorError, VectorSpace, View, ViewMut};

/// P A P for vectors that P leaves as they are (see [`Complement::project`]).
pub struct Complement<'a> {
    operator: &'a dyn LinearOperator,
    known: Option<KnownPairs<'a>>,
}

impl<'a> Complement<'a> {
    /// The complement of these pairs; the whole operator where there are none.
    ///
    /// # Errors
    /// Where there are not as many values as vectors, or more than the dimension.
    pub fn new(operator: &'a dyn LinearOperator, known: Option<&KnownPairs<'a>>) -> Result<Self, VectorError> {
        let known = known.filter(|pairs| !pairs.vectors.is_empty()).cloned();
        if let Some(pairs) = &known {
            if pairs.values.len() != pairs.vectors.len() {
                return Err(VectorError::mismatch("known eigenpairs", pairs.vectors.len(), pairs.values.len()));
            }
            if pairs.values.len() > operator.dimension() {
                let most = format!("at most {}", operator.dimension());
                return Err(VectorError::mismatch("known eigenpairs", most, pairs.values.len()));
            }
        }
        Ok(Complement { operator, known })
    }

    /// n − k: the dimension of the complement.
    pub fn free_dimension(&self) -> usize {
        self.operator.dimension() - self.known_values().len()
    }

    /// The known eigenvalues.
    pub fn known_values(&self) -> &[f64] {
        self.known.as_ref().map_or(&[], |pairs| pairs.values)
    }

    /// X ← P X, in two passes.
    ///
    /// # Errors
    /// Where sizes do not fit.
    pub fn project(&self, block: &mut Block, columns: std::ops::Range<usize>) -> Result<(), VectorError> {
        let Some(pairs) = &self.known else { return Ok(()) };
        let space = self.operator.space();
        for _ in 0..2 {
            let parts = space.gram(pairs.vectors.clone(), block.view(columns.clone()))?;
            let taken: Vec<f64> = parts.iter().map(|c| -c).collect();
            space.combine(block.view_mut(columns.clone()), 1.0, pairs.vectors.clone(), &taken)?;
        }
        Ok(())
    }
}

impl LinearOperator for Complement<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.operator.space()
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        let ViewMut { block, columns } = y;
        self.operator.apply(x, block.view_mut(columns.clone()))?;
        Ok(self.project(block, columns)?)
    }
}

/// A², for estimators that know products only. Each of its products is two of A.
pub struct Squared<'a>(pub &'a dyn LinearOperator);

impl LinearOperator for Squared<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.0.space()
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        let mut middle = self.space().zeros(x.len())?;
        self.0.apply(x, middle.all_mut())?;
        self.0.apply(middle.all(), y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostOperator;
    use crate::vectors::Precision;

    #[test]
    fn the_complement_of_an_eigenvector_does_not_see_it() {
        let diagonal = HostOperator::new(4, Precision::F64, |x: &[f64]| {
            x.iter().enumerate().map(|(i, v)| v * (i + 1) as f64).collect()
        });
        let space = diagonal.space();
        let mut known = space.zeros(1).unwrap();
        space.write(&mut known, 0, &[0.0, 0.0, 0.0, 1.0]).unwrap();
        let pairs = KnownPairs { values: &[4.0], vectors: known.all() };
        let complement = Complement::new(&diagonal, Some(&pairs)).unwrap();
        let mut x = space.zeros(2).unwrap();
        space.write(&mut x, 1, &[1.0, 1.0, 1.0, 9.0]).unwrap();
        complement.project(&mut x, 1..2).unwrap();
        let mut y = space.zeros(2).unwrap();
        complement.apply(x.view(1..2), y.view_mut(0..1)).unwrap();
        assert_eq!(space.read(&y, 0).unwrap(), [1.0, 2.0, 3.0, 0.0]);
        Squared(&complement).apply(x.view(1..2), y.view_mut(1..2)).unwrap();
        assert_eq!(space.read(&y, 1).unwrap(), [1.0, 4.0, 9.0, 0.0]);
        assert_eq!(complement.free_dimension(), 3);
    }

    #[test]
    fn values_without_vectors_are_refused() {
        let one = HostOperator::new(2, Precision::F64, |x: &[f64]| x.to_vec());
        let vectors = one.space().zeros(2).unwrap();
        let pairs = KnownPairs { values: &[1.0], vectors: vectors.all() };
        assert!(Complement::new(&one, Some(&pairs)).is_err());
    }
}
