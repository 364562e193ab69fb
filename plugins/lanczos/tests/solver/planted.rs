//! Matrices with planted eigenvalues, and the checks that every answer must pass.

use hesse_core::LinearOperator;
use hesse_core::eigen::{Control, EigenPair, EigenRequest, EigenResult, EigenSolver, SolverError, StopReason};
use hesse_core::host::{HostOperator, HostSpace};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Precision, VectorSpace};
use hesse_lanczos::Lanczos;

/// Q D Qᵀ, with Q a product of three random reflections, so that no eigenvector is along an axis.
#[derive(Clone)]
pub struct Planted {
    pub values: Vec<f64>,
    mirrors: Vec<Vec<f64>>,
    pub precision: Precision,
}

fn reflect(mirror: &[f64], x: &mut [f64]) {
    let dot: f64 = mirror.iter().zip(x.iter()).map(|(a, b)| a * b).sum();
    x.iter_mut().zip(mirror).for_each(|(x, m)| *x -= 2.0 * dot * m);
}

impl Planted {
    pub fn new(values: &[f64]) -> Self {
        let mirror = |i| {
            let mut stream = Stream::new(99, Purpose::Probe, i);
            let raw: Vec<f64> = values.iter().map(|_| stream.normal()).collect();
            let length = raw.iter().map(|v| v * v).sum::<f64>().sqrt();
            raw.iter().map(|v| v / length).collect()
        };
        Planted { values: values.to_vec(), mirrors: (0..3).map(mirror).collect(), precision: Precision::F64 }
    }

    pub fn precision(self, precision: Precision) -> Self {
        Planted { precision, ..self }
    }

    pub fn scaled(&self, by: f64) -> Self {
        let values = self.values.iter().map(|v| v * by).collect();
        Planted { values, mirrors: self.mirrors.clone(), precision: self.precision }
    }

    pub fn multiply(&self, x: &[f64]) -> Vec<f64> {
        let mut y = x.to_vec();
        // In f32, rounded after every stage, as a chain of f32 kernels would be.
        let round = |y: &mut Vec<f64>| {
            if self.precision == Precision::F32 {
                y.iter_mut().for_each(|v| *v = f64::from(*v as f32));
            }
        };
        for m in &self.mirrors {
            reflect(m, &mut y);
            round(&mut y);
        }
        y.iter_mut().zip(&self.values).for_each(|(y, d)| *y *= d);
        round(&mut y);
        for m in self.mirrors.iter().rev() {
            reflect(m, &mut y);
            round(&mut y);
        }
        y
    }

    pub fn operator(&self) -> HostOperator<impl Fn(&[f64]) -> Vec<f64> + Send + Sync + '_> {
        HostOperator::new(self.values.len(), self.precision, |x: &[f64]| self.multiply(x))
    }

    pub fn norm(&self) -> f64 {
        self.values.iter().fold(0.0, |m, v| m.max(v.abs()))
    }

    /// Eigenvalues, largest first.
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted
    }
}

pub fn request(largest: usize, smallest: usize, tolerance: f64) -> EigenRequest {
    EigenRequest { largest, smallest, tolerance, max_products: 5000, seed: 1 }
}

pub fn solve(
    solver: Lanczos,
    operator: &dyn LinearOperator,
    request: &EigenRequest,
) -> Result<EigenResult, SolverError> {
    solver.solve(operator, request, &mut |_| Control::Continue)
}

pub const PLAIN: Lanczos = Lanczos { basis: None, block: 1, probe: false, each: false };
pub const PROBING: Lanczos = Lanczos { basis: None, block: 1, probe: true, each: false };

/// Solves and checks everything that must hold of a converged answer. Returns it.
pub fn verified(solver: Lanczos, planted: &Planted, request: &EigenRequest) -> EigenResult {
    let result = solve(solver, &planted.operator(), request).unwrap();
    let all: Vec<EigenPair> = result.largest.iter().chain(&result.smallest).copied().collect();
    assert_eq!(result.reason, StopReason::Converged, "{all:?} {:?}", result.statistics);
    assert!(all.iter().all(|p| p.converged && p.residual <= request.tolerance), "{all:?}");
    assert_eq!((result.largest.len(), result.smallest.len()), (request.largest, request.smallest));
    assert!(result.statistics.products <= request.max_products);
    let sorted = planted.sorted();
    let truth = sorted[..request.largest].iter().chain(sorted.iter().rev().take(request.smallest));
    let allowed = (request.tolerance + 20.0 * planted.precision.epsilon()) * planted.norm();
    for (pair, truth) in all.iter().zip(truth) {
        assert!((pair.value - truth).abs() <= allowed, "{} instead of {truth}; {all:?}", pair.value);
    }
    honest(planted, &result);
    result
}

/// Checks that vectors are orthonormal, and values and residuals what they are said to be: to rounding where each vector
/// was multiplied, a bound where five or more were verified together.
pub fn honest(planted: &Planted, result: &EigenResult) {
    let space = HostSpace::new(planted.values.len(), planted.precision);
    let epsilon = planted.precision.epsilon();
    let k = result.vectors.columns();
    for (at, entry) in space.gram(result.vectors.all(), result.vectors.all()).unwrap().iter().enumerate() {
        let unit = if at % k == at / k { 1.0 } else { 0.0 };
        assert!((entry - unit).abs() <= 20.0 * epsilon, "inner product {entry} at {at}");
    }
    let exact = Planted { precision: Precision::F64, values: planted.values.clone(), mirrors: planted.mirrors.clone() };
    for pair in result.largest.iter().chain(&result.smallest) {
        let v = space.read(&result.vectors, pair.column).unwrap();
        let image = exact.multiply(&v);
        let residual = image.iter().zip(&v).map(|(a, x)| (a - pair.value * x).powi(2)).sum::<f64>().sqrt();
        let quotient: f64 = image.iter().zip(&v).map(|(a, x)| a * x).sum();
        let norm = result.statistics.norm_estimate;
        let (claimed, rounding) = (pair.residual * norm, 20.0 * epsilon * norm);
        if k <= 4 {
            assert!((claimed - residual).abs() <= rounding, "{pair:?} has residual {residual}");
            assert!((pair.value - quotient).abs() <= rounding, "{pair:?} has quotient {quotient}");
        } else {
            assert!(residual <= claimed + rounding, "{pair:?} has residual {residual}");
            assert!((pair.value - quotient).abs() <= claimed + rounding, "{pair:?} has quotient {quotient}");
        }
    }
}

/// The bulk of numerics.md §3.1: most eigenvalues nearly zero, 15 % of them negative and a quarter the size.
pub fn bulk(n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| {
            let mut stream = Stream::new(5, Purpose::Data, i as u64);
            // Gamma(1/4) = Gamma(5/4) · U⁴, and Gamma(5/4) by Marsaglia and Tsang.
            let d: f64 = 1.25 - 1.0 / 3.0;
            let c = 1.0 / (9.0 * d).sqrt();
            let large = loop {
                let x = stream.normal();
                let v = (1.0 + c * x).powi(3);
                if v > 0.0 && (1.0 - stream.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                    break d * v;
                }
            };
            let value = (large * stream.uniform().powi(4) * 0.12).min(1.0);
            if stream.uniform() < 0.15 { -0.25 * value } else { value }
        })
        .collect()
}

fn with_outliers(n: usize, outliers: &[f64]) -> Planted {
    let mut values = bulk(n);
    values[..outliers.len()].copy_from_slice(outliers);
    Planted::new(&values)
}

/// 20 · 0.8^j over the bulk.
pub fn sep(n: usize) -> Planted {
    with_outliers(n, &(0..10).map(|j| 20.0 * 0.8f64.powi(j)).collect::<Vec<_>>())
}

/// Pairs of neighbours over the bulk.
pub fn tight(n: usize) -> Planted {
    with_outliers(n, &[20.0, 19.6, 12.0, 11.9, 8.0, 7.95, 5.0, 4.97, 3.0, 2.98])
}

/// Outliers of both signs.
pub fn pm(n: usize) -> Planted {
    with_outliers(n, &[5.0, 4.2, 3.5, -4.9, -3.8, -2.9, 2.5, 2.2, 2.0, 1.8])
}
