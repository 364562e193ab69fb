//! M = (|d| + μ)^ξ for an estimate d of the diagonal.
//!
//! The entries go through the host, because block arithmetic has no entry-wise product; beside a product over a data set
//! two copies of a vector are nothing.

use super::Preconditioner;
use crate::solve::SolveError;
use crate::vectors::{Precision, VectorSpace, View, ViewMut};

/// A diagonal preconditioner.
#[derive(Debug, Clone)]
pub struct Diagonal {
    inverse: Vec<f64>,
}

impl Diagonal {
    /// From an estimate of diag A (its signs are dropped, because M must be definite), the damping μ ≥ 0 of the system,
    /// and an exponent in (0, 1]: 1 for the diagonal itself, 0.75 tempers a noisy one (Martens 2010). Entries that vanish
    /// beside the largest to the rounding of `precision` are lifted to it.
    ///
    /// # Errors
    /// Where an entry, the damping or the exponent is not a number of its range.
    pub fn new(diagonal: &[f64], damping: f64, exponent: f64, precision: Precision) -> Result<Self, SolveError> {
        let fail = |what, expected: &str, found: f64| {
            Err(SolveError::Request { what, expected: expected.to_string(), found: found.to_string() })
        };
        if let Some(&entry) = diagonal.iter().find(|d| !d.is_finite()) {
            return fail("diagonal", "finite entries", entry);
        }
        if !(damping >= 0.0 && damping.is_finite()) {
            return fail("damping", "a number of at least 0", damping);
        }
        if !(exponent > 0.0 && exponent <= 1.0) {
            return fail("exponent", "a number above 0 and at most 1", exponent);
        }
        let damped: Vec<f64> = diagonal.iter().map(|d| d.abs() + damping).collect();
        let largest = damped.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Ok(Diagonal { inverse: vec![1.0; diagonal.len()] });
        }
        let least = precision.epsilon();
        let inverse = damped.iter().map(|d| (d / largest).max(least).powf(-exponent)).collect();
        Ok(Diagonal { inverse })
    }
}

impl Preconditioner for Diagonal {
    fn apply(&self, space: &dyn VectorSpace, r: View<'_>, z: ViewMut<'_>) -> Result<(), SolveError> {
        for (from, to) in r.columns.clone().zip(z.columns.clone()) {
            let mut values = space.read(r.block, from)?;
            if values.len() != self.inverse.len() {
                return Err(SolveError::Request {
                    what: "preconditioner",
                    expected: format!("vectors of length {}", self.inverse.len()),
                    found: values.len().to_string(),
                });
            }
            values.iter_mut().zip(&self.inverse).for_each(|(value, inverse)| *value *= inverse);
            space.write(z.block, to, &values)?;
        }
        Ok(())
    }
}
