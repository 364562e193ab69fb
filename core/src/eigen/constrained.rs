//! The restriction of an operator to the orthogonal complement of given vectors.
//!
//! P A P with P = I − QQᵀ has the eigenpairs of A on the complement of Q, and a zero for each column of Q that must not be
//! mistaken for one of them. A solver that knew of Q would start in the complement and project each product. One that does
//! not know of it is made to: every vector that it writes into the space is projected on the way in, and so is every
//! product, so that whatever it computes stays in the complement, to rounding, and the zeros cannot be seen.
//!
//! So constraints, deflation of known pairs and the completeness probe work with every solver, linked in or loaded,
//! without a word in its code. Decided against: a shift σQQᵀ that moves the zeros inside the spectrum (needs to know the
//! spectrum, and leaves components along Q in the vectors).

use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut, norms};

/// P A P on the complement of some vectors. Costs 8·n·c operations per product for c constraints.
pub struct Constrained<'a> {
    operator: &'a dyn LinearOperator,
    space: Complement<'a>,
}

/// The space of an [`Constrained`] operator: what is written to it is projected.
struct Complement<'a> {
    inner: &'a dyn VectorSpace,
    /// Orthonormal columns.
    basis: Block,
}

/// Below this times its length, what is left of a constraint by those before it is rounding.
const DEPENDENT: f64 = 64.0;

impl<'a> Constrained<'a> {
    /// Restricts an operator to the complement of these columns, which need be neither orthogonal nor independent. No
    /// product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn new(operator: &'a dyn LinearOperator, constraints: View<'_>) -> Result<Self, VectorError> {
        let inner = operator.space();
        let epsilon = inner.precision().epsilon();
        let mut basis = inner.zeros(constraints.len())?;
        let mut kept = 0;
        for column in constraints.columns.clone() {
            inner.copy(constraints.block.view(column..column + 1), basis.view_mut(kept..kept + 1))?;
            let before = norms(inner, basis.view(kept..kept + 1))?.first().copied().unwrap_or(0.0);
            if !(before.is_finite() && before > 0.0) {
                continue;
            }
            inner.scale(basis.view_mut(kept..kept + 1), &[1.0 / before])?;
            // Its own block, because the arithmetic reads and writes different ones.
            let mut work = inner.zeros(1)?;
            inner.copy(basis.view(kept..kept + 1), work.all_mut())?;
            for _ in 0..2 {
                project(inner, basis.view(0..kept), work.all_mut())?;
            }
            let left = norms(inner, work.all())?.first().copied().unwrap_or(0.0);
            if left > DEPENDENT * epsilon {
                inner.scale(work.all_mut(), &[1.0 / left])?;
                inner.copy(work.all(), basis.view_mut(kept..kept + 1))?;
                kept += 1;
            }
        }
        let mut orthonormal = inner.zeros(kept)?;
        inner.copy(basis.view(0..kept), orthonormal.all_mut())?;
        Ok(Constrained { operator, space: Complement { inner, basis: orthonormal } })
    }

    /// The number of independent constraints.
    pub fn constraints(&self) -> usize {
        self.space.basis.columns()
    }

    /// Takes vectors of the unconstrained space into the complement, in place.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn project(&self, x: ViewMut<'_>) -> Result<(), VectorError> {
        self.space.project(x)
    }
}

impl Complement<'_> {
    /// Twice is enough.
    fn project(&self, x: ViewMut<'_>) -> Result<(), VectorError> {
        let ViewMut { block, columns } = x;
        for _ in 0..2 {
            project(self.inner, self.basis.all(), block.view_mut(columns.clone()))?;
        }
        Ok(())
    }
}

/// `X ← X − Q (QᵀX)`.
fn project(space: &dyn VectorSpace, q: View<'_>, x: ViewMut<'_>) -> Result<(), VectorError> {
    if q.is_empty() || x.is_empty() {
        return Ok(());
    }
    let ViewMut { block, columns } = x;
    let mut c = space.gram(q.clone(), block.view(columns.clone()))?;
    c.iter_mut().for_each(|c| *c = -*c);
    space.combine(block.view_mut(columns), 1.0, q, &c)
}

impl VectorSpace for Complement<'_> {
    fn dimension(&self) -> usize {
        self.inner.dimension()
    }
    fn precision(&self) -> Precision {
        self.inner.precision()
    }
    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        self.inner.zeros(columns)
    }
    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        self.inner.write(block, column, values)?;
        self.project(block.view_mut(column..column + 1))
    }
    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        self.inner.read(block, column)
    }
    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        self.inner.gram(x, y)
    }
    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        self.inner.combine(y, beta, x, c)
    }
    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError> {
        self.inner.copy(from, to)
    }
    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        self.inner.scale(x, factors)
    }
}

impl LinearOperator for Constrained<'_> {
    fn space(&self) -> &dyn VectorSpace {
        &self.space
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        // X is in the complement already, but for rounding that the second projection takes away.
        let ViewMut { block, columns } = y;
        self.operator.apply(x, block.view_mut(columns.clone()))?;
        Ok(self.space.project(block.view_mut(columns))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostOperator;

    #[test]
    fn what_is_written_and_what_is_multiplied_stays_in_the_complement() {
        for (precision, bound) in [(Precision::F32, 1e-6), (Precision::F64, 1e-15)] {
            let a = HostOperator::new(5, precision, |x: &[f64]| {
                (0..5).map(|i| x[i] * i as f64 + x[(i + 1) % 5] + x[(i + 4) % 5]).collect()
            });
            let space = a.space();
            let mut q = space.zeros(3).unwrap();
            space.write(&mut q, 0, &[1.0, 2.0, 0.0, 0.0, 1.0]).unwrap();
            space.write(&mut q, 1, &[0.0, 1.0, 1.0, 0.0, 0.0]).unwrap();
            // A multiple of the first: two constraints, not three.
            space.write(&mut q, 2, &[-3.0, -6.0, 0.0, 0.0, -3.0]).unwrap();
            let constrained = Constrained::new(&a, q.all()).unwrap();
            assert_eq!(constrained.constraints(), 2);
            let inside = constrained.space();
            let mut x = inside.zeros(1).unwrap();
            inside.write(&mut x, 0, &[0.3, -0.2, 0.7, 1.0, 0.1]).unwrap();
            let mut y = inside.zeros(1).unwrap();
            constrained.apply(x.all(), y.all_mut()).unwrap();
            for block in [&x, &y] {
                let overlaps = space.gram(q.all(), block.all()).unwrap();
                assert!(overlaps.iter().all(|o| o.abs() < 40.0 * bound), "{overlaps:?}");
            }
        }
    }

    #[test]
    fn no_constraint_changes_nothing() {
        let a = HostOperator::new(3, Precision::F64, |x: &[f64]| x.iter().map(|v| 2.0 * v).collect());
        let none = a.space().zeros(0).unwrap();
        let constrained = Constrained::new(&a, none.all()).unwrap();
        let mut x = constrained.space().zeros(1).unwrap();
        constrained.space().write(&mut x, 0, &[1.0, 2.0, 3.0]).unwrap();
        let mut y = constrained.space().zeros(1).unwrap();
        constrained.apply(x.all(), y.all_mut()).unwrap();
        assert_eq!(constrained.space().read(&y, 0).unwrap(), [2.0, 4.0, 6.0]);
    }
}
