//! The loss of one sample as a function of its pixels.
//!
//! Many points are one batch. The loss is formed from the logits in f64; pixels may leave the range from 0 to 1, because
//! a landscape is about the function and not about pictures.

use super::surface::{Height, Surface};
use super::{LandscapeError, direction::Direction};
use hesse_core::attack::{AttackLoss, InputOracle, OracleError};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::vectors::{VectorError, VectorSpace, View, ViewMut};

/// One sample.
pub(super) struct Sample {
    /// From 0 to 1.
    pub pixels: Vec<f64>,
    /// Its class.
    pub label: u32,
}

/// The surface.
pub(super) struct OnInput<'a> {
    pub oracle: &'a dyn InputOracle,
    pub sample: &'a Sample,
    pub directions: &'a [Direction],
    pub group: usize,
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl Surface for OnInput<'_> {
    fn group(&self) -> usize {
        self.group
    }

    fn heights(&mut self, steps: &[[f64; 2]]) -> Result<Vec<Height>, LandscapeError> {
        if (self.stop)() {
            return Err(OperatorError::Interrupted.into());
        }
        let mut samples = Vec::with_capacity(steps.len() * self.sample.pixels.len());
        for step in steps {
            samples.extend(self.sample.pixels.iter().enumerate().map(|(i, pixel)| {
                let moved =
                    self.directions.iter().zip(step).map(|(d, s)| s * d.parameters.get(i).copied().unwrap_or(0.0));
                pixel + moved.sum::<f64>()
            }));
        }
        let logits = self.oracle.logits(&samples)?;
        Ok(logits.chunks_exact(self.oracle.classes().max(1)).map(|z| height(z, self.sample.label)).collect())
    }
}

fn height(logits: &[f64], label: u32) -> Height {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
    let own = logits.get(label as usize).copied().unwrap_or(f64::NAN);
    let best = logits.iter().position(|z| *z == largest);
    Height { loss: largest - own + sum.ln(), correct: usize::from(best == Some(label as usize)) }
}

/// The Hessian of one sample's loss by its pixels, as an operator for eigensolvers.
pub(super) struct InputHessian<'a> {
    pub oracle: &'a dyn InputOracle,
    pub sample: &'a Sample,
    pub space: Box<dyn VectorSpace>,
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl InputHessian<'_> {
    /// H v for several v, one after the other in one list.
    pub fn products(&self, vectors: &[f64]) -> Result<Vec<f64>, OracleError> {
        let count = vectors.len() / self.sample.pixels.len().max(1);
        let labels = vec![self.sample.label; count];
        self.oracle.hessian_product(&self.sample.pixels.repeat(count), &labels, AttackLoss::CrossEntropy, vectors)
    }
}

impl LinearOperator for InputHessian<'_> {
    fn space(&self) -> &dyn VectorSpace {
        self.space.as_ref()
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        if (self.stop)() {
            return Err(OperatorError::Interrupted);
        }
        if x.len() != y.len() {
            return Err(VectorError::Mismatch {
                operation: "apply",
                expected: x.len().to_string(),
                found: y.len().to_string(),
            }
            .into());
        }
        let mut vectors = Vec::new();
        for column in x.columns.clone() {
            vectors.extend(self.space.read(x.block, column)?);
        }
        let products = self.products(&vectors).map_err(|error| match error {
            OracleError::Operator(error) => error,
            other => OperatorError::Data(other.to_string()),
        })?;
        for (column, values) in y.columns.clone().zip(products.chunks_exact(self.space.dimension().max(1))) {
            self.space.write(y.block, column, values)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_large_logits_is_finite_and_right() {
        let h = height(&[1000.0, 0.0], 1);
        assert_eq!(h, Height { loss: 1000.0, correct: 0 });
        let h = height(&[0.0, 0.0], 0);
        assert!((h.loss - 2f64.ln()).abs() < 1e-15 && h.correct == 1);
    }
}
