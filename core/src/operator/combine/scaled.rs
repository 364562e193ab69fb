//! c·A.

use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{VectorSpace, View, ViewMut};

/// A multiple of an operator. Cost: one product of it.
pub struct Scaled<'a> {
    operator: &'a dyn LinearOperator,
    factor: f64,
}

impl<'a> Scaled<'a> {
    /// `factor · operator`.
    pub fn new(operator: &'a dyn LinearOperator, factor: f64) -> Self {
        Scaled { operator, factor }
    }
}

impl LinearOperator for Scaled<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.operator.space()
    }

    fn apply(&self, x: View<'_>, mut y: ViewMut<'_>) -> Result<(), OperatorError> {
        let factors = vec![self.factor; y.len()];
        self.operator.apply(x, y.again())?;
        Ok(self.space().scale(y, &factors)?)
    }
}
