//! Checks that run before a long computation: is this really a symmetric linear operator, and is it the derivative?
//!
//! Four figures, all relative: symmetry ⟨u, Hv⟩ = ⟨Hu, v⟩, linearity H(2u − 3v) = 2Hu − 3Hv, repeatability (the same
//! product twice: the noise floor below which no residual can fall), and the slope of a finite difference of gradients,
//! (g(θ+εv) − g(θ−εv)) / 2ε → Hv. The last is the only one that needs gradients and is optional, because a generic
//! operator has none. Finite differences serve here as a check only, never as a product.
//!
//! The slope is taken along the gradient plus a random direction of equal length. A random direction alone is decided
//! against: H is small along most of them (0.2 against λ₁ = 135 for a trained ResNet-20), and the jumps of the gradient
//! at the kinks of a piecewise-linear network, which do not shrink with ε, drown what should be seen.

use super::{LinearOperator, OperatorError};
use crate::random::{Purpose, Stream};
use crate::vectors::{Block, norms};

/// Relative figures; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfTest {
    /// |⟨u, Hv⟩ − ⟨Hu, v⟩| / (‖Hv‖ + ‖Hu‖) for random unit vectors.
    pub symmetry: f64,
    /// ‖H(2u − 3v) − 2Hu + 3Hv‖ / (‖Hu‖ + ‖Hv‖).
    pub linearity: f64,
    /// ‖Hu − Hu‖ / ‖Hu‖ of two runs.
    pub noise_floor: f64,
    /// ‖(g(θ+εv) − g(θ−εv)) / 2ε − Hv‖ / ‖Hv‖ at the best ε tried, where gradients were given.
    pub finite_difference: Option<f64>,
    /// How the error fell between the two largest ε of the ladder, as a power of ε (2 for a smooth loss).
    pub finite_difference_order: Option<f64>,
    /// Products spent.
    pub products: usize,
}

impl SelfTest {
    /// Whether the figures are what rounding explains for this machine epsilon and dimension. The finite difference is
    /// judged loosely, because kinks of piecewise-linear networks spoil it.
    pub fn passes(&self, epsilon: f64) -> bool {
        let rounding = 1e4 * epsilon;
        self.symmetry <= rounding
            && self.linearity <= rounding
            && self.noise_floor <= rounding
            && self.finite_difference.is_none_or(|e| e <= 1e-2)
    }
}

/// A gradient at θ + step·v (the mean loss's), for the finite difference.
pub type ShiftedGradient<'a> = dyn FnMut(&Block, f64) -> Result<Vec<f64>, OperatorError> + 'a;

/// Runs the checks with random unit vectors from `seed`. Costs four products and, with a gradient, one more and
/// `1 + 2·steps` gradients.
///
/// # Errors
/// Where a product fails.
pub fn self_test(
    operator: &dyn LinearOperator,
    seed: u64,
    shifted_gradient: Option<(&mut ShiftedGradient<'_>, &[f64])>,
) -> Result<SelfTest, OperatorError> {
    let space = operator.space();
    let n = operator.dimension();
    // Columns: u, v, 2u − 3v.
    let mut x = space.zeros(3)?;
    for column in 0..2 {
        let mut stream = Stream::new(seed, Purpose::Probe, column as u64);
        let values: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        space.write(&mut x, column, &values.iter().map(|v| v / norm).collect::<Vec<_>>())?;
    }
    let mut uv = space.zeros(2)?;
    space.copy(x.view(0..2), uv.all_mut())?;
    space.combine(x.view_mut(2..3), 0.0, uv.all(), &[2.0, -3.0])?;
    let mut y = space.zeros(4)?;
    operator.apply(x.view(0..3), y.view_mut(0..3))?;
    operator.apply(x.view(0..1), y.view_mut(3..4))?;

    let size = norms(space, y.view(0..2))?;
    let scale = (size[0] + size[1]).max(f64::MIN_POSITIVE);
    let u_hv = space.gram(x.view(0..1), y.view(1..2))?[0];
    let hu_v = space.gram(y.view(0..1), x.view(1..2))?[0];
    // r = H(2u − 3v) − 2Hu + 3Hv and the difference of the two runs of Hu.
    let mut r = space.zeros(2)?;
    space.combine(r.view_mut(0..1), 0.0, y.view(0..3), &[-2.0, 3.0, 1.0])?;
    space.combine(r.view_mut(1..2), 0.0, y.view(0..4), &[1.0, 0.0, 0.0, -1.0])?;
    let differences = norms(space, r.all())?;

    let mut test = SelfTest {
        symmetry: (u_hv - hu_v).abs() / scale,
        linearity: differences[0] / scale,
        noise_floor: differences[1] / size[0].max(f64::MIN_POSITIVE),
        finite_difference: None,
        finite_difference_order: None,
        products: 4,
    };
    if let Some((gradient, steps)) = shifted_gradient {
        let mut direction = space.zeros(1)?;
        space.copy(x.view(1..2), direction.all_mut())?;
        let values = towards_gradient(&space.read(&x, 1)?, &gradient(&direction, 0.0)?);
        space.write(&mut direction, 0, &values)?;
        operator.apply(direction.all(), y.view_mut(0..1))?;
        test.products += 1;
        let hv = space.read(&y, 0)?;
        let norm = norms(space, y.view(0..1))?[0].max(f64::MIN_POSITIVE);
        let mut errors = Vec::with_capacity(steps.len());
        for &step in steps {
            let (plus, minus) = (gradient(&direction, step)?, gradient(&direction, -step)?);
            let error: f64 = plus
                .iter()
                .zip(&minus)
                .zip(&hv)
                .map(|((p, m), h)| ((p - m) / (2.0 * step) - h).powi(2))
                .sum::<f64>()
                .sqrt();
            errors.push((step, error / norm));
        }
        test.finite_difference = errors.iter().map(|e| e.1).min_by(f64::total_cmp);
        if let [(s0, e0), (s1, e1), ..] = errors[..] {
            test.finite_difference_order = Some((e0 / e1).ln() / (s0 / s1).ln());
        }
    }
    Ok(test)
}

/// The unit vector along v + g/‖g‖ for a unit vector v; v itself where the gradient vanishes.
fn towards_gradient(v: &[f64], g: &[f64]) -> Vec<f64> {
    let length = |x: &[f64]| x.iter().map(|a| a * a).sum::<f64>().sqrt();
    let scale = length(g);
    if scale == 0.0 || !scale.is_finite() {
        return v.to_vec();
    }
    let sum: Vec<f64> = v.iter().zip(g).map(|(v, g)| v + g / scale).collect();
    let size = length(&sum).max(f64::MIN_POSITIVE);
    sum.iter().map(|s| s / size).collect()
}
