//! A + μI: a damped operator, or one moved to an end of its spectrum.

use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{VectorSpace, View, ViewMut};

/// An operator plus a multiple of the identity. Cost: one product of it.
pub struct Shifted<'a> {
    operator: &'a dyn LinearOperator,
    shift: f64,
}

impl<'a> Shifted<'a> {
    /// `operator + shift · I`.
    pub fn new(operator: &'a dyn LinearOperator, shift: f64) -> Self {
        Shifted { operator, shift }
    }
}

impl LinearOperator for Shifted<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.operator.space()
    }

    fn apply(&self, x: View<'_>, mut y: ViewMut<'_>) -> Result<(), OperatorError> {
        let k = x.len();
        self.operator.apply(x.clone(), y.again())?;
        let diagonal: Vec<f64> = (0..k * k).map(|i| if i / k == i % k { self.shift } else { 0.0 }).collect();
        Ok(self.space().combine(y, 1.0, x, &diagonal)?)
    }
}
