//! The Chebyshev recurrence on residuals.
//!
//! With t(A) = (A − cI)/e mapping the unwanted interval [c − e, c + e] to [−1, 1], and Cⱼ the Chebyshev polynomials, let
//! Zⱼ = Cⱼ(t(A)) X − X Cⱼ(t(Θ)) for a block with Ritz values Θ and residual R = AX − XΘ. From Cⱼ₊₁ = 2t Cⱼ − Cⱼ₋₁,
//!
//! ```text
//! Z₀ = 0,   Z₁ = R / e,   Zⱼ₊₁ = 2 t(A) Zⱼ − Zⱼ₋₁ + (2/e) R Cⱼ(t(Θ)),
//! ```
//!
//! so the operator meets only Z, which is as small as the residual. Each column is divided by its own sⱼ = |Cⱼ(max(|t|, 1))|,
//! which grows like the filter: nothing overflows, in f32 neither, and the result is C_d(t(θ))/s_d · x + z with a first factor
//! of at most one. The ratios rⱼ = sⱼ₋₁/sⱼ follow r₁ = 1/|t|, rⱼ₊₁ = 1/(2|t| − rⱼ).

use hesse_core::vectors::{Block, VectorError, VectorSpace};
use hesse_solver_tools::counted::Counted;
use hesse_solver_tools::driver::{Driver, Halt};

/// An interval of eigenvalues that are not wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub centre: f64,
    pub half: f64,
}

impl Interval {
    /// t(λ).
    pub fn map(&self, value: f64) -> f64 {
        (value - self.centre) / self.half
    }

    /// The degree at which an eigenvalue outside is amplified by `factor` over what is inside; at least 2.
    pub fn degree(&self, value: f64, factor: f64) -> usize {
        let t = self.map(value).abs();
        if t <= 1.0 || factor <= 1.0 {
            return 2;
        }
        (factor.acosh() / t.acosh()).ceil().clamp(2.0, 1e6) as usize
    }
}

/// The scalars of one column, step by step.
struct Column {
    t: f64,
    /// rⱼ.
    ratio: f64,
    /// Cⱼ(t)/sⱼ and Cⱼ₋₁(t)/sⱼ₋₁.
    own: f64,
    before: f64,
}

impl Column {
    /// At j = 1.
    fn new(t: f64) -> Self {
        let ratio = 1.0 / t.abs().max(1.0);
        Column { t, ratio, own: ratio * t, before: 1.0 }
    }

    /// To the next j; returns rⱼ₊₁ and rⱼ₊₁ rⱼ.
    fn advance(&mut self) -> (f64, f64) {
        let next = 1.0 / (2.0 * self.t.abs().max(1.0) - self.ratio);
        let both = next * self.ratio;
        let own = 2.0 * next * self.t * self.own - both * self.before;
        (self.before, self.own, self.ratio) = (self.own, own, next);
        (next, both)
    }
}

/// Filters the vectors in place. `degree − 1` products of each column.
pub(crate) fn filter(
    driver: &mut Driver<'_>,
    counted: &mut Counted<'_>,
    vectors: &mut Block,
    residuals: &Block,
    values: &[f64],
    interval: Interval,
    degree: usize,
) -> Result<(), Halt> {
    let (space, k) = (counted.space, vectors.columns());
    let mut columns: Vec<Column> = values.iter().map(|&v| Column::new(interval.map(v))).collect();
    // Z₁ = R / e, divided by s₁.
    let first: Vec<f64> = columns.iter().map(|c| c.ratio / interval.half).collect();
    let mut before = space.zeros(k)?;
    let mut current = space.zeros(k)?;
    add(space, &mut current, 0.0, residuals, &first)?;
    let mut image = space.zeros(k)?;
    for _ in 1..degree {
        driver.apply(counted, current.all(), image.all_mut())?;
        let mut factors = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for column in &mut columns {
            // Cⱼ(t(θ))/sⱼ, before the step.
            let own = column.own;
            let (next, both) = column.advance();
            factors.0.push(2.0 * next / interval.half);
            factors.1.push(-2.0 * next * interval.centre / interval.half);
            factors.2.push(-both);
            factors.3.push(2.0 * next * own / interval.half);
        }
        // Zⱼ₋₁ is overwritten by Zⱼ₊₁.
        space.scale(before.all_mut(), &factors.2)?;
        add(space, &mut before, 1.0, &image, &factors.0)?;
        add(space, &mut before, 1.0, &current, &factors.1)?;
        add(space, &mut before, 1.0, residuals, &factors.3)?;
        std::mem::swap(&mut before, &mut current);
    }
    let own: Vec<f64> = columns.iter().map(|c| c.own).collect();
    space.scale(vectors.all_mut(), &own)?;
    add(space, vectors, 1.0, &current, &vec![1.0; k])?;
    Ok(())
}

/// `Y ← β Y + X diag(f)`.
fn add(space: &dyn VectorSpace, y: &mut Block, beta: f64, x: &Block, factors: &[f64]) -> Result<(), VectorError> {
    for (column, factor) in factors.iter().enumerate() {
        space.combine(y.view_mut(column..column + 1), beta, x.view(column..column + 1), &[*factor])?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use hesse_core::eigen::{Control, EigenRequest};
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    /// Cⱼ by its definition.
    fn chebyshev(j: usize, t: f64) -> f64 {
        if t.abs() <= 1.0 {
            (j as f64 * t.acos()).cos()
        } else {
            t.signum().powi(j as i32) * (j as f64 * t.abs().acosh()).cosh()
        }
    }

    #[test]
    fn the_recurrence_on_residuals_is_the_polynomial_of_the_matrix() {
        let diagonal = [5.0, 3.0, 1.1, 0.9, 0.3, -0.2, -0.7, -2.0];
        let a =
            HostOperator::new(8, Precision::F64, move |x: &[f64]| x.iter().zip(diagonal).map(|(x, d)| x * d).collect());
        let request = EigenRequest { largest: 2, smallest: 0, tolerance: 1e-8, max_products: 1000, seed: 0 };
        let mut observe = |_| Control::Continue;
        let mut driver = Driver::new(&a, &request, &mut observe).unwrap();
        let mut counted = Counted::new(&a, 0);
        let space = counted.space;
        let x: [f64; 8] = [1.0, 0.4, -0.3, 0.2, 0.5, -0.1, 0.3, 0.25];
        let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let x = x.map(|v| v / length);
        let theta: f64 = x.iter().zip(diagonal).map(|(v, d)| v * v * d).sum();
        let (mut vectors, mut residuals) = (space.zeros(1).unwrap(), space.zeros(1).unwrap());
        space.write(&mut vectors, 0, &x).unwrap();
        let r: Vec<f64> = x.iter().zip(diagonal).map(|(v, d)| d * v - theta * v).collect();
        space.write(&mut residuals, 0, &r).unwrap();
        let interval = Interval { centre: 0.1, half: 0.9 };
        let degree = 7;
        filter(&mut driver, &mut counted, &mut vectors, &residuals, &[theta], interval, degree).unwrap();
        let scale = chebyshev(degree, interval.map(theta).abs().max(1.0)).abs();
        for (i, found) in space.read(&vectors, 0).unwrap().iter().enumerate() {
            let exact = chebyshev(degree, interval.map(diagonal[i])) * x[i] / scale;
            assert!((found - exact).abs() < 1e-12 * exact.abs().max(1.0), "{i}: {found} instead of {exact}");
        }
        assert_eq!(counted.statistics.products, degree - 1);
    }

    #[test]
    fn a_degree_amplifies_as_much_as_was_asked() {
        let interval = Interval { centre: 0.0, half: 1.0 };
        let degree = interval.degree(1.5, 1e4);
        assert!(chebyshev(degree, 1.5) >= 1e4 && chebyshev(degree - 1, 1.5) < 1e4);
        assert_eq!(interval.degree(0.5, 1e4), 2);
    }
}
