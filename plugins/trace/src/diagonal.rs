//! Hutchinson's estimator of a diagonal: E ω ∘ Aω = diag A for random signs.
//!
//! C. Bekas, E. Kokiopoulou and Y. Saad, *An estimator for the diagonal of a matrix*, Appl. Numer. Math. 57 (2007). The
//! variance of entry i is the sum of the squares of the rest of its row: large where eigenvectors are spread out, which
//! is why XDiag is the default. This one needs a few vectors of memory only.

use crate::products::Products;
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::probes::{ProbeUse, rademacher};
use hesse_core::estimate::{DiagonalEstimate, DiagonalEstimator, DiagonalRequest, EstimateError, EstimateEvent};
use hesse_core::operator::LinearOperator;

/// Hutchinson's diagonal. Memory: 2 × block vectors and 3 on the host. Cost: one product a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HutchinsonDiagonal;

impl DiagonalEstimator for HutchinsonDiagonal {
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &DiagonalRequest,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<DiagonalEstimate, EstimateError> {
        request.check()?;
        let space = operator.space();
        let n = space.dimension();
        let mut products = Products::new(1, request.max_products, observe);
        let block = request.block.clamp(1, request.max_products);
        let (mut x, mut y) = (space.zeros(block)?, space.zeros(block)?);
        let (mut mean, mut squares) = (vec![0.0; n], vec![0.0; n]);
        let (mut samples, mut look) = (0usize, request.goal.least_samples);
        let reason = loop {
            let count = block.min(products.left());
            if count == 0 {
                break StopReason::ProductLimit;
            }
            rademacher(space, &mut x, request.seed, ProbeUse::Diagonal, samples..samples + count)?;
            if !products.apply(operator, x.view(0..count), y.view_mut(0..count))? {
                break StopReason::Interrupted;
            }
            for column in 0..count {
                samples += 1;
                let (sign, image) = (space.read(&x, column)?, space.read(&y, column)?);
                // Welford's update, so that the variance of a large diagonal does not cancel.
                for (((m, s), w), a) in mean.iter_mut().zip(&mut squares).zip(&sign).zip(&image) {
                    let value = w * a;
                    let change = value - *m;
                    *m += change / samples as f64;
                    *s += change * (value - *m);
                }
            }
            products.finite(mean.iter().sum())?;
            if samples >= look {
                look = samples + (samples / 4).max(1);
                let estimate = finished(&mean, &squares, samples, products.done(), StopReason::Converged);
                let (norm, error) = estimate.norms();
                if error <= request.goal.relative_error * norm {
                    return Ok(estimate);
                }
                products.report(error / norm);
            }
            if products.stopped() {
                break StopReason::Interrupted;
            }
        };
        if samples < 2 {
            return Err(EstimateError::Interrupted);
        }
        Ok(finished(&mean, &squares, samples, products.done(), reason))
    }
}

fn finished(mean: &[f64], squares: &[f64], samples: usize, products: usize, reason: StopReason) -> DiagonalEstimate {
    let divisor = (samples.max(2) - 1) as f64 * samples as f64;
    let standard_errors = squares.iter().map(|s| (s / divisor).sqrt()).collect();
    DiagonalEstimate { values: mean.to_vec(), standard_errors, samples, products, reason }
}
