//! Counting what an attack asks of the network.

use crate::attack::{AttackLoss, InputOracle, LossGradient, OracleError};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often the network was asked, counted in samples: one pass over a batch of 100 is 100 of them, so that the count
/// does not depend on batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queries {
    /// Evaluations of the logits alone.
    pub forward: u64,
    /// Evaluations of a loss with its gradient.
    pub gradient: u64,
    /// Products with the Hessian.
    pub hessian_product: u64,
    /// Products with the Jacobian or its transpose.
    pub jacobian_product: u64,
}

impl AddAssign for Queries {
    fn add_assign(&mut self, other: Self) {
        self.forward += other.forward;
        self.gradient += other.gradient;
        self.hessian_product += other.hessian_product;
        self.jacobian_product += other.jacobian_product;
    }
}

/// An oracle that counts what goes through it.
pub struct CountedOracle<'a> {
    oracle: &'a dyn InputOracle,
    counts: [AtomicU64; 4],
}

impl<'a> CountedOracle<'a> {
    /// Starts at zero.
    pub fn new(oracle: &'a dyn InputOracle) -> Self {
        CountedOracle { oracle, counts: Default::default() }
    }

    /// The counts so far.
    pub fn queries(&self) -> Queries {
        let [forward, gradient, hessian_product, jacobian_product] =
            self.counts.each_ref().map(|c| c.load(Ordering::Relaxed));
        Queries { forward, gradient, hessian_product, jacobian_product }
    }

    fn count(&self, kind: usize, entries: usize) {
        let size: usize = self.oracle.shape().iter().product();
        self.counts[kind].fetch_add((entries / size.max(1)) as u64, Ordering::Relaxed);
    }
}

impl InputOracle for CountedOracle<'_> {
    fn shape(&self) -> &[usize] {
        self.oracle.shape()
    }
    fn classes(&self) -> usize {
        self.oracle.classes()
    }
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.count(0, samples.len());
        self.oracle.logits(samples)
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        self.count(1, samples.len());
        self.oracle.loss_gradient(samples, labels, loss)
    }
    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        self.count(2, samples.len());
        self.oracle.hessian_product(samples, labels, loss, v)
    }
    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.count(3, samples.len());
        self.oracle.jacobian_product(samples, v)
    }
    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.count(3, samples.len());
        self.oracle.transposed_jacobian_product(samples, u)
    }
}
