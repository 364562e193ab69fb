//! The algebraically largest eigenvalue, followed from a vector that is nearly its own.
//!
//! Along a training the leading eigenvector turns slowly, and a Krylov space that begins at the last one needs a few
//! products where a random start needs a dozen. Lanczos with full orthogonalisation in a small basis that is restarted
//! from its best Ritz vector; a pair counts only with a recomputed residual. A little of a random vector is mixed in at
//! the start, because an eigenvalue that overtakes the followed one is invisible from inside the old eigenvector.
//!
//! For a spectrum take an eigensolver plugin; this is for one number, measured often.

use super::{LinearOperator, OperatorError};
use crate::dense::symmetric_eigen;
use crate::random::{Purpose, Stream};
use crate::vectors::{Block, VectorError, VectorSpace, View, norms};

/// Share of the random vector in a warm start.
const FRESH: f64 = 0.05;
/// Columns of the basis between restarts.
const BASIS: usize = 20;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct LeadingRequest<'a> {
    /// A vector near the wanted one; random without it.
    pub start: Option<View<'a>>,
    /// Bound on ‖Av − λv‖ / ‖A‖, with ‖A‖ the largest |Ritz value| seen.
    pub tolerance: f64,
    /// The most products.
    pub max_products: usize,
    /// Seed of the random part of the start.
    pub seed: u64,
    /// Which random vector of that seed.
    pub index: u64,
}

/// What was found.
#[derive(Debug)]
pub struct Leading {
    /// The Rayleigh quotient of the vector.
    pub value: f64,
    /// ‖Av − λv‖ / ‖A‖, recomputed with a fresh product.
    pub residual: f64,
    /// Whether it is within the tolerance.
    pub converged: bool,
    /// The unit vector, one column.
    pub vector: Block,
    /// Products spent.
    pub products: usize,
}

/// Finds the algebraically largest eigenpair.
///
/// # Errors
/// Where a product fails or is not finite.
pub fn leading(operator: &dyn LinearOperator, request: &LeadingRequest<'_>) -> Result<Leading, OperatorError> {
    let (space, n) = (operator.space(), operator.dimension());
    if n == 0 {
        return Err(VectorError::mismatch("leading eigenvalue", "at least one dimension", 0).into());
    }
    let size = BASIS.min(n);
    let (mut basis, mut image) = (space.zeros(size + 1)?, space.zeros(1)?);
    start(space, request, &mut basis)?;
    let mut vector = space.zeros(1)?;
    let (mut products, mut norm) = (0usize, 0.0f64);
    loop {
        let mut projected = vec![0.0; size * size];
        let mut weights = vec![1.0];
        for j in 0..size {
            operator.apply(basis.view(j..j + 1), image.all_mut())?;
            products += 1;
            let before = norms(space, image.all())?[0];
            if !before.is_finite() {
                return Err(OperatorError::NotFinite { what: "product", place: format!("number {products}") });
            }
            // Two passes; β is taken after both.
            for pass in 0..2 {
                let along = space.gram(basis.view(0..j + 1), image.all())?;
                for (i, c) in along.iter().enumerate().filter(|_| pass == 0) {
                    projected[j * size + i] = *c;
                    projected[i * size + j] = *c;
                }
                let negative: Vec<f64> = along.iter().map(|c| -c).collect();
                space.combine(image.all_mut(), 1.0, basis.view(0..j + 1), &negative)?;
            }
            let beta = norms(space, image.all())?[0];
            let k = j + 1;
            let small: Vec<f64> = (0..k * k).map(|i| projected[(i / k) * size + i % k]).collect();
            let (values, vectors) = symmetric_eigen(k, &small);
            norm = values.iter().fold(norm, |m, v| m.max(v.abs()));
            weights = vectors[(k - 1) * k..].to_vec();
            let estimate = beta * weights[k - 1].abs();
            let broken = beta <= 64.0 * space.precision().epsilon() * norm;
            // One product is kept for the residual.
            let spent = products + 1 >= request.max_products;
            if broken || estimate <= 0.5 * request.tolerance * norm || k == size || spent {
                break;
            }
            space.scale(image.all_mut(), &[1.0 / beta])?;
            space.copy(image.all(), basis.view_mut(k..k + 1))?;
        }
        space.combine(vector.all_mut(), 0.0, basis.view(0..weights.len()), &weights)?;
        let length = norms(space, vector.all())?[0];
        space.scale(vector.all_mut(), &[1.0 / length])?;
        operator.apply(vector.all(), image.all_mut())?;
        products += 1;
        let value = space.gram(vector.all(), image.all())?[0];
        space.combine(image.all_mut(), 1.0, vector.all(), &[-value])?;
        let rest = norms(space, image.all())?[0];
        norm = norm.max(value.abs());
        let residual = if norm > 0.0 { rest / norm } else { 0.0 };
        let converged = residual <= request.tolerance;
        if converged || products >= request.max_products || weights.len() == n {
            return Ok(Leading { value, residual, converged, vector, products });
        }
        space.copy(vector.all(), basis.view_mut(0..1))?;
    }
}

/// The unit vector to begin with, in the first column of the basis.
fn start(space: &dyn VectorSpace, request: &LeadingRequest<'_>, basis: &mut Block) -> Result<(), VectorError> {
    let mut stream = Stream::new(request.seed, Purpose::StartVector, request.index);
    let random: Vec<f64> = (0..space.dimension()).map(|_| stream.normal()).collect();
    let length = random.iter().map(|v| v * v).sum::<f64>().sqrt();
    space.write(basis, 0, &random)?;
    if let Some(near) = &request.start {
        let near_length = norms(space, near.clone())?.first().copied().unwrap_or(0.0);
        if near_length > 0.0 && near_length.is_finite() {
            space.combine(basis.view_mut(0..1), FRESH / length, near.clone(), &[1.0 / near_length])?;
        }
    }
    let length = norms(space, basis.view(0..1))?[0];
    space.scale(basis.view_mut(0..1), &[1.0 / length])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostOperator;
    use crate::operator::combine::Scaled;
    use crate::vectors::Precision;

    /// Rotated by a reflection, so that unit vectors are no eigenvectors.
    fn planted(values: Vec<f64>, precision: Precision) -> impl LinearOperator {
        let n = values.len();
        let w: Vec<f64> = (0..n).map(|i| ((i * 7 % 11) as f64 + 1.0) / 8.0).collect();
        let size: f64 = w.iter().map(|w| w * w).sum();
        let reflect = move |x: &[f64]| {
            let along = 2.0 * w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() / size;
            x.iter().zip(&w).map(|(x, w)| x - along * w).collect::<Vec<f64>>()
        };
        HostOperator::new(n, precision, move |x| {
            let y: Vec<f64> = reflect(x).iter().zip(&values).map(|(x, v)| x * v).collect();
            reflect(&y)
        })
    }

    fn request(start: Option<View<'_>>) -> LeadingRequest<'_> {
        LeadingRequest { start, tolerance: 1e-4, max_products: 400, seed: 1, index: 0 }
    }

    fn spectrum(top: f64) -> Vec<f64> {
        (0..300).map(|i| 3.0 * (i as f64 / 300.0).powi(3) - 0.5).chain([-9.0, 4.0, top]).collect()
    }

    #[test]
    fn a_warm_start_needs_fewer_products_and_finds_the_same_pair() {
        let before = planted(spectrum(5.0), Precision::F32);
        let cold = leading(&before, &request(None)).unwrap();
        assert!(cold.converged && (cold.value - 5.0).abs() < 1e-3, "{cold:?}");
        let after = planted(spectrum(5.05), Precision::F32);
        let warm = leading(&after, &request(Some(cold.vector.all()))).unwrap();
        assert!(warm.converged && (warm.value - 5.05).abs() < 1e-3, "{warm:?}");
        assert!(2 * warm.products <= cold.products + 4, "{} against {}", warm.products, cold.products);
    }

    #[test]
    fn an_eigenvalue_that_overtakes_is_seen_from_inside_the_old_eigenvector() {
        let old = leading(&planted(spectrum(5.0), Precision::F64), &request(None)).unwrap();
        let mut values = spectrum(5.0);
        values[3] = 6.0;
        let new = leading(&planted(values, Precision::F64), &request(Some(old.vector.all()))).unwrap();
        assert!(new.converged && (new.value - 6.0).abs() < 1e-3, "{new:?}");
    }

    #[test]
    fn nothing_depends_on_the_scale_and_the_zero_operator_has_the_eigenvalue_zero() {
        for precision in [Precision::F32, Precision::F64] {
            let base = planted(spectrum(5.0), precision);
            for scale in [1e-8, 1e8] {
                let scaled = leading(&Scaled::new(&base, scale), &request(None)).unwrap();
                assert!(scaled.converged && (scaled.value / scale - 5.0).abs() < 1e-3, "{scale}: {scaled:?}");
            }
            let zero = leading(&planted(vec![0.0; 40], precision), &request(None)).unwrap();
            assert!(zero.converged && zero.value == 0.0, "{zero:?}");
        }
        let one = leading(&planted(vec![-3.0], Precision::F64), &request(None)).unwrap();
        assert!(one.converged && (one.value + 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_budget_that_is_spent_is_said() {
        let tight = LeadingRequest { max_products: 4, tolerance: 1e-12, ..request(None) };
        let found = leading(&planted(spectrum(5.0), Precision::F64), &tight).unwrap();
        assert!(!found.converged && found.products == 4 && found.residual > 1e-12);
    }
}
