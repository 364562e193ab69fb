//! XTrace: every probe serves in turn as the sample of a sketch that the others make.
//!
//! E. N. Epperly, J. A. Tropp and R. J. Webber, *XTrace: making the most of every sample in stochastic trace estimation*,
//! SIAM J. Matrix Anal. Appl. 45 (2024) 1–23, with their resphering: probes are uniform on a sphere, so that what is left
//! of one after a projection can be scaled to its expected length. The rank guard is in `sketch.rs`, the standard error
//! in `leave_out.rs`. The sketch grows by half at a time while the goal is not reached.

use crate::hutchinson::known_part;
use crate::leave_out::{LeaveOut, Values};
use crate::products::Products;
use crate::sketch::{Directions, Sketch};
use crate::small::Small;
use hesse_core::eigen::{Control, StopReason};
use hesse_core::estimate::complement::{Complement, Squared};
use hesse_core::estimate::probes::ProbeUse;
use hesse_core::estimate::{
    EstimateError, EstimateEvent, Quantity, TraceEstimate, TraceEstimator, TraceRequest, statistics,
};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::VectorError;

/// XTrace. Memory: 3 vectors for each probe. Cost: two products for each probe (four for squared norms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct XTrace;

/// The leave-one-out values of a sketch.
fn values(sketch: &Sketch<'_>, complement: &Complement<'_>) -> Result<Values, VectorError> {
    let space = complement.space();
    let (rank, probes) = (sketch.rank(), sketch.probes());
    let (Some(images), Some(omega)) = (sketch.images(), sketch.probe_vectors()) else {
        return Ok(Values { one: Vec::new(), covariance: 0.0 });
    };
    if rank == 0 {
        // A zero operator.
        return Ok(Values { one: vec![0.0; probes], covariance: 0.0 });
    }
    let gram = |x, y, columns| -> Result<Small, VectorError> { Ok(Small::from_gram(rank, columns, space.gram(x, y)?)) };
    Ok(LeaveOut {
        dimension: complement.free_dimension() as f64,
        h: gram(sketch.basis(), images.clone(), rank)?.symmetrized(),
        w: gram(sketch.basis(), omega.clone(), probes)?,
        t: gram(images, omega, probes)?,
        r: sketch.triangle(),
        s: sketch.lost_directions(),
        rank,
        loses: !sketch.is_exhausted() && rank >= 2,
    }
    .values())
}

/// The mean with the standard error of dependent values.
fn summary(values: &Values) -> (f64, f64, usize) {
    let mean = statistics::mean(&values.one);
    let variance = mean.standard_error * mean.standard_error + values.covariance.max(0.0);
    (mean.value, variance.sqrt(), mean.samples)
}

impl TraceEstimator for XTrace {
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &TraceRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<TraceEstimate, EstimateError> {
        request.check()?;
        let complement = Complement::new(operator, request.known.as_ref())?;
        let exact = known_part(request.quantity, complement.known_values());
        let squared = Squared(&complement);
        let (inner, cost): (&dyn LinearOperator, usize) = match request.quantity {
            Quantity::Trace => (&complement, 1),
            Quantity::SquaredNorm => (&squared, 2),
        };
        let purpose = match request.quantity {
            Quantity::Trace => ProbeUse::Trace,
            Quantity::SquaredNorm => ProbeUse::Norm,
        };
        let mut products = Products::new(cost, request.max_products, observe);
        let free = complement.free_dimension();
        // One probe more than the dimension shows that nothing is left.
        let most = (products.left() / 2).min(free + 1);
        if most < 2 && free > 0 {
            let least = format!("at least {} for xtrace", 4 * cost);
            return Err(EstimateError::request("budget of products", least, request.max_products));
        }
        let mut sketch = Sketch::new(&complement, Directions::Sphere, request.seed, purpose, request.block);
        let mut size = request.goal.least_samples.min(most);
        let (mut found, mut reason) = ((0.0, 0.0, 0), StopReason::Converged);
        // With no free direction nothing is left to estimate.
        loop {
            if free == 0 {
                break;
            }
            let whole = sketch.grow(inner, size, &mut products)?;
            if sketch.probes() < 2 && !sketch.is_exhausted() {
                return Err(EstimateError::Interrupted);
            }
            let values = values(&sketch, &complement)?;
            found = summary(&values);
            if values.one.len() < 2 {
                found.1 = 0.0;
            }
            products.finite(found.0)?;
            let (value, error, samples) = (exact + found.0, found.1, found.2);
            if sketch.is_exhausted() || request.goal.reached(value, error, samples) {
                break;
            }
            products.report(request.goal.half_width(error, samples) / value.abs());
            if !whole || products.stopped() {
                reason = StopReason::Interrupted;
                break;
            }
            if size >= most {
                reason = StopReason::ProductLimit;
                break;
            }
            size = (size + (size / 2).max(1)).min(most);
        }
        let mut remarks = Vec::new();
        if sketch.is_exhausted() {
            remarks.push(format!("the operator has rank {} to rounding: its trace is exact", sketch.rank()));
        }
        Ok(TraceEstimate {
            value: exact + found.0,
            standard_error: found.1,
            half_width: request.goal.half_width(found.1, found.2),
            samples: found.2,
            products: products.done(),
            known_part: exact,
            known_pairs: complement.known_values().len(),
            reason,
            remarks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    /// A dense symmetric matrix of no particular structure.
    fn matrix(n: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| (((i * 7 + j * 13) % 11) as f64 - 5.0) / (1.0 + (i + j) as f64);
        (0..n * n).map(|e| entry((e % n).max(e / n), (e % n).min(e / n))).collect()
    }

    fn gram_schmidt(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for column in columns {
            let mut v = column.clone();
            for _ in 0..2 {
                for b in &basis {
                    let c: f64 = b.iter().zip(&v).map(|(x, y)| x * y).sum();
                    v.iter_mut().zip(b).for_each(|(v, b)| *v -= c * b);
                }
            }
            let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            basis.push(v.iter().map(|x| x / norm).collect());
        }
        basis
    }

    fn multiply(a: &[f64], x: &[f64]) -> Vec<f64> {
        let n = x.len();
        (0..n).map(|i| (0..n).map(|j| a[i + j * n] * x[j]).sum()).collect()
    }

    /// tr QᵀAQ plus the resphered form of a probe, from the definition.
    fn naive(a: &[f64], others: &[Vec<f64>], omega: &[f64]) -> f64 {
        let n = omega.len();
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| p * q).sum::<f64>();
        let basis = gram_schmidt(&others.iter().map(|o| multiply(a, o)).collect::<Vec<_>>());
        let trace: f64 = basis.iter().map(|b| dot(b, &multiply(a, b))).sum();
        let mut x = omega.to_vec();
        for b in &basis {
            let c = dot(b, &x);
            x.iter_mut().zip(b).for_each(|(x, b)| *x -= c * b);
        }
        trace + (n - basis.len()) as f64 / dot(&x, &x) * dot(&x, &multiply(a, &x))
    }

    #[test]
    fn the_efficient_values_are_those_of_the_definition() {
        let n = 23;
        let a = matrix(n);
        let operator = HostOperator::new(n, Precision::F64, |x: &[f64]| multiply(&a, x));
        let complement = Complement::new(&operator, None).unwrap();
        let mut observe = |_| Control::Continue;
        let mut products = Products::new(1, 100, &mut observe);
        let mut sketch = Sketch::new(&complement, Directions::Sphere, 4, ProbeUse::Trace, 3);
        assert!(sketch.grow(&operator, 7, &mut products).unwrap());
        let found = values(&sketch, &complement).unwrap();
        let space = operator.space();
        let omega: Vec<Vec<f64>> =
            (0..7).map(|c| space.read(sketch.probe_vectors().unwrap().block, c).unwrap()).collect();
        let without = |skip: &[usize]| -> Vec<Vec<f64>> {
            omega.iter().enumerate().filter(|(i, _)| !skip.contains(i)).map(|(_, o)| o.clone()).collect()
        };
        let one: Vec<f64> = (0..7).map(|i| naive(&a, &without(&[i]), &omega[i])).collect();
        for (fast, slow) in found.one.iter().zip(&one) {
            assert!((fast - slow).abs() < 1e-9 * slow.abs().max(1.0), "{fast} {slow}");
        }
        let (mut sum, mut pairs) = (0.0, 0.0);
        for i in 0..7 {
            for j in 0..i {
                let two = |i: usize, j: usize| naive(&a, &without(&[i, j]), &omega[i]);
                sum += (one[i] - two(i, j)) * (one[j] - two(j, i));
                pairs += 1.0;
            }
        }
        assert!(
            (found.covariance - sum / pairs).abs() < 1e-8 * (sum / pairs).abs(),
            "{} {}",
            found.covariance,
            sum / pairs
        );
    }
}
