//! What the loss gains within a ball about the weights.
//!
//! Everything is written in coordinates s with d = T s and ‖s‖ ≤ ρ: T is the identity for plain sharpness and |w| for the
//! adaptive one. The gradient in these coordinates is T∇L, so a step of length ρ uphill is d = ρ T²∇L / ‖T∇L‖, which is
//! Kwon et al.'s formula.

use super::point::Point;
use hesse_core::operator::{DataSource, OperatorError};
use hesse_core::random::{Purpose, Stream};

/// Gains L(w + d) − L(w) over one ball.
#[derive(Debug, Clone, PartialEq)]
pub struct Ascent {
    /// ρ.
    pub radius: f64,
    /// Along each random direction, at distance ρ.
    pub random: Vec<f64>,
    /// After one step of length ρ along the gradient; none where the gradient vanishes.
    pub one_step: Option<f64>,
    /// The largest found by projected ascent, at least as large as `one_step`; none where the gradient vanishes.
    pub worst: Option<f64>,
    /// Gradients that the ascent spent.
    pub gradients: usize,
}

/// A ball about the weights.
pub(super) struct Ball<'a> {
    pub radius: f64,
    /// Diagonal of T; none for the identity.
    pub scale: Option<&'a [f64]>,
}

fn norm(v: &[f64]) -> f64 {
    // Scaled, so that squares of tiny gradients do not vanish.
    let largest = v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * v.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}

impl Ball<'_> {
    fn scaled(&self, v: &[f64]) -> Vec<f64> {
        match self.scale {
            None => v.to_vec(),
            Some(scale) => v.iter().zip(scale).map(|(v, t)| v * t).collect(),
        }
    }

    /// The end of one step uphill from the centre, in s; none where there is no uphill.
    fn uphill(&self, gradient: &[f64]) -> Option<Vec<f64>> {
        let g = self.scaled(gradient);
        let length = norm(&g);
        (length > 0.0 && length.is_finite()).then(|| g.iter().map(|g| g * (self.radius / length)).collect())
    }

    /// The gain of one step uphill. Cost: a gradient and a loss.
    pub fn one_step(&self, point: &mut Point<'_>, source: &dyn DataSource) -> Result<Option<f64>, OperatorError> {
        let origin = vec![0.0; point.weights().len()];
        let (base, gradient) = point.gradient(&origin, source)?;
        match self.uphill(&gradient) {
            None => Ok(None),
            Some(s) => Ok(Some(point.loss(&self.scaled(&s), source)? - base)),
        }
    }

    /// All gains. Cost: `directions` losses, and at most `steps` gradients.
    pub fn climb(
        &self,
        point: &mut Point<'_>,
        source: &dyn DataSource,
        (directions, steps): (usize, usize),
        seed: u64,
        observe: &mut dyn FnMut(usize),
    ) -> Result<Ascent, OperatorError> {
        let n = point.weights().len();
        let origin = vec![0.0; n];
        let (base, gradient) = point.gradient(&origin, source)?;
        let base_without_gradient = point.loss(&origin, source)?;
        let mut random = Vec::with_capacity(directions);
        for i in 0..directions {
            let mut stream = Stream::new(seed, Purpose::Direction, i as u64);
            let v: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            let factor = self.radius / norm(&v);
            let s: Vec<f64> = v.iter().map(|v| v * factor).collect();
            random.push(point.loss(&self.scaled(&s), source)? - base_without_gradient);
            observe(i + 1);
        }
        let mut found = Ascent { radius: self.radius, random, one_step: None, worst: None, gradients: 1 };
        let Some(mut s) = self.uphill(&gradient) else { return Ok(found) };

        // From the end of that step on along the sphere, with shorter steps where one did not help.
        let mut step = 0.5 * self.radius;
        let (mut gain, mut slope) = self.look(point, source, &s, base)?;
        found.one_step = Some(gain);
        found.gradients += 1;
        while found.gradients < steps.max(2) && step > 1e-3 * self.radius {
            let length = norm(&slope);
            if !(length > 0.0 && length.is_finite()) {
                break;
            }
            let mut next: Vec<f64> = s.iter().zip(&slope).map(|(s, g)| s + step / length * g).collect();
            let out = norm(&next) / self.radius;
            if out > 1.0 {
                next.iter_mut().for_each(|s| *s /= out);
            }
            let (next_gain, next_slope) = self.look(point, source, &next, base)?;
            found.gradients += 1;
            observe(directions + found.gradients);
            if next_gain > gain {
                (s, gain, slope) = (next, next_gain, next_slope);
            } else {
                step *= 0.5;
            }
        }
        found.worst = Some(gain);
        Ok(found)
    }

    /// Gain and gradient, in s.
    fn look(
        &self,
        point: &mut Point<'_>,
        source: &dyn DataSource,
        s: &[f64],
        base: f64,
    ) -> Result<(f64, Vec<f64>), OperatorError> {
        let (loss, gradient) = point.gradient(&self.scaled(s), source)?;
        Ok((loss - base, self.scaled(&gradient)))
    }
}
