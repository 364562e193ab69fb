//! What an attack may ask about a network.

use super::OracleError;
use std::fmt;

/// What is raised (or, towards a target, lowered), per sample, as a function of the logits z and the label y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttackLoss {
    /// log Σ exp z − z_y.
    CrossEntropy,
    /// max_{k≠y} z_k − z_y, also known as the loss of Carlini and Wagner.
    Margin,
    /// (max_{k≠y} z_k − z_y) / (z_(1) − z_(3)) with sorted logits: not affected by their scale (Croce and Hein 2020, §4).
    DifferenceOfLogitsRatio,
}

impl fmt::Display for AttackLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AttackLoss::CrossEntropy => "cross-entropy",
            AttackLoss::Margin => "margin",
            AttackLoss::DifferenceOfLogitsRatio => "dlr",
        })
    }
}

/// The loss of each sample and its gradient.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LossGradient {
    /// One per sample.
    pub losses: Vec<f64>,
    /// `N × D`: row i is the gradient of sample i's own loss.
    pub gradient: Vec<f64>,
}

/// A network in eval mode, seen from its inputs. Every sample is on its own: no mean over the batch is taken, so the
/// results do not depend on a sample's neighbours.
pub trait InputOracle: Send + Sync {
    /// Sizes of one sample; their product is D.
    fn shape(&self) -> &[usize];

    /// The number of classes C.
    fn classes(&self) -> usize;

    /// `N × C` logits of `N × D` samples. Costs one forward pass.
    ///
    /// # Errors
    /// Where the length is no multiple of D, or the network fails.
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError>;

    /// Losses and their gradients with respect to the samples. Costs about two forward passes.
    ///
    /// # Errors
    /// Where sizes do not fit, the loss needs more classes, or the network fails.
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError>;

    /// `N × D`: H_x v for each sample, H_x being the Hessian of its own loss. Costs about four forward passes.
    ///
    /// # Errors
    /// As [`loss_gradient`](Self::loss_gradient).
    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError>;

    /// `N × C`: J v for each sample, J being the Jacobian of its logits. Costs about two forward passes.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError>;

    /// `N × D`: Jᵀ u for each sample, u being `N × C`. Costs about two forward passes.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError>;
}
