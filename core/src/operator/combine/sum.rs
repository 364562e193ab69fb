//! a·A + b·B + …

use super::Scratch;
use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{VectorError, VectorSpace, View, ViewMut};

/// A weighted sum of operators over one space: a loss with a penalty, clean and adversarial loss, shards of a data set.
/// Cost: one product of each.
pub struct Sum<'a> {
    terms: Vec<(f64, &'a dyn LinearOperator)>,
    scratch: Scratch,
}

impl<'a> Sum<'a> {
    /// Σ factor · operator. All must be operators of one backend and precision.
    ///
    /// # Errors
    /// Where there is none, or their dimensions or precisions differ.
    pub fn new(terms: Vec<(f64, &'a dyn LinearOperator)>) -> Result<Self, OperatorError> {
        let kind = |operator: &dyn LinearOperator| (operator.dimension(), operator.space().precision());
        let Some(&(_, first)) = terms.first() else {
            return Err(VectorError::mismatch("sum of operators", "at least one", "none").into());
        };
        match terms.iter().find(|(_, other)| kind(*other) != kind(first)) {
            Some((_, other)) => {
                let show = |(n, precision): (usize, _)| format!("vectors of length {n} in {precision}");
                Err(VectorError::mismatch("sum of operators", show(kind(first)), show(kind(*other))).into())
            }
            None => Ok(Sum { terms, scratch: Scratch::default() }),
        }
    }
}

impl LinearOperator for Sum<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.terms[0].1.space() // never empty, see `new`
    }

    fn apply(&self, x: View<'_>, mut y: ViewMut<'_>) -> Result<(), OperatorError> {
        let (space, k) = (self.space(), x.len());
        let mut part = self.scratch.take(space, k)?;
        for (i, (factor, operator)) in self.terms.iter().enumerate() {
            operator.apply(x.clone(), part.view_mut(0..k))?;
            let diagonal: Vec<f64> = (0..k * k).map(|i| if i / k == i % k { *factor } else { 0.0 }).collect();
            let beta = if i == 0 { 0.0 } else { 1.0 };
            space.combine(y.again(), beta, part.view(0..k), &diagonal)?;
        }
        self.scratch.put(part);
        Ok(())
    }
}
