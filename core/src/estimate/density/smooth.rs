//! Smoothed densities: a Gaussian on every node, on a linear or a symmetric-logarithmic axis.
//!
//! The kernel's width is tied to the number of steps, σ = 2 / ((m − 1) √(8 ln κ)) on the axis scaled to [−1, 1] (Lin,
//! Saad and Yang, *Approximating spectral densities of large matrices*, SIAM Review 58 (2016) 34–65, with κ = 3): m nodes
//! cannot show more. An absolute width, or one that depends on the largest eigenvalue where outliers are sticks, was
//! decided against. What a kernel spreads beyond the grid is not put back by scaling: the integral says what is there.

use super::Density;
use crate::estimate::statistics::{mean, student_t};

/// κ of the kernel's width.
const KAPPA: f64 = 3.0;

/// The largest useful distance from a node, in σ.
const REACH: f64 = 6.0;

/// Which axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axis {
    /// λ.
    Linear,
    /// u = sign(λ) · log₁₀(1 + |λ|/θ): linear within ±θ, logarithmic beyond.
    SymmetricLog {
        /// θ > 0.
        threshold: f64,
    },
}

impl Axis {
    /// From λ to the axis.
    pub fn place(&self, value: f64) -> f64 {
        match *self {
            Axis::Linear => value,
            Axis::SymmetricLog { threshold } => {
                value.signum() * (value.abs() / threshold).ln_1p() / std::f64::consts::LN_10
            }
        }
    }

    /// From the axis to λ.
    pub fn value(&self, place: f64) -> f64 {
        match *self {
            Axis::Linear => place,
            Axis::SymmetricLog { threshold } => {
                place.signum() * threshold * (place.abs() * std::f64::consts::LN_10).exp_m1()
            }
        }
    }
}

/// A density on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// Places on the axis, equally spaced, ascending.
    pub places: Vec<f64>,
    /// The eigenvalues that they stand for.
    pub values: Vec<f64>,
    /// Mass per unit of the axis; sticks are not in it.
    pub density: Vec<f64>,
    /// Standard error over probes; NaN for a single probe.
    pub standard_error: Vec<f64>,
    /// Lower end of the confidence band of the probes, at least zero.
    pub low: Vec<f64>,
    /// Upper end.
    pub high: Vec<f64>,
    /// σ of the kernel, in units of the axis.
    pub kernel_width: f64,
    /// The mass that lies on the grid (trapezoid rule).
    pub mass_on_grid: f64,
    /// The mass that should: (n − k)/n less `mass_on_grid`. Shown, not scaled away.
    pub lost_mass: f64,
}

impl Density {
    /// The smoothed density of what is not a stick, on `points` places that reach a tenth of the range beyond the nodes.
    /// None without nodes.
    pub fn smoothed(&self, axis: Axis, points: usize, confidence: f64) -> Option<Smoothed> {
        let (low, high) = self.node_range()?;
        let points = points.max(2);
        let (mut from, mut to) = (axis.place(low), axis.place(high));
        let mut half = 0.5 * (to - from);
        if half <= f64::EPSILON * from.abs().max(to.abs()) {
            // One eigenvalue: any width is as good as another, but it has to be seen.
            half = match axis.place(self.scale()).abs() {
                0.0 => 1.0,
                scale => 0.05 * scale,
            };
        }
        let nodes = self.probes.iter().map(|p| p.nodes.len()).max().unwrap_or(1);
        let sigma = half * 2.0 / (nodes.max(2) - 1) as f64 / (8.0 * KAPPA.ln()).sqrt();
        let margin = (0.1 * half).max(3.0 * sigma.min(half));
        from -= margin;
        to += margin;
        let step = (to - from) / (points - 1) as f64;
        // A kernel narrower than the grid would fall between its points.
        let sigma = sigma.max(0.75 * step);
        let places: Vec<f64> = (0..points).map(|i| from + step * i as f64).collect();

        let curves: Vec<Vec<f64>> = self
            .probes
            .iter()
            .map(|probe| {
                let mut curve = vec![0.0; points];
                for (&node, &weight) in probe.nodes.iter().zip(&probe.weights) {
                    add_kernel(&mut curve, from, step, sigma, axis.place(node), weight);
                }
                curve
            })
            .collect();
        let free = self.free_mass();
        let factor = student_t(confidence, curves.len().saturating_sub(1));
        let mut smoothed = Smoothed {
            values: places.iter().map(|&p| axis.value(p)).collect(),
            places,
            density: Vec::with_capacity(points),
            standard_error: Vec::with_capacity(points),
            low: Vec::with_capacity(points),
            high: Vec::with_capacity(points),
            kernel_width: sigma,
            mass_on_grid: 0.0,
            lost_mass: 0.0,
        };
        for i in 0..points {
            let at: Vec<f64> = curves.iter().filter_map(|c| c.get(i).copied()).collect();
            let m = mean(&at);
            let spread = if m.standard_error > 0.0 { factor * m.standard_error } else { 0.0 };
            smoothed.density.push(free * m.value);
            smoothed.standard_error.push(free * m.standard_error);
            smoothed.low.push(free * (m.value - spread).max(0.0));
            smoothed.high.push(free * (m.value + spread));
        }
        let ends = smoothed.density.first().zip(smoothed.density.last()).map_or(0.0, |(a, b)| 0.5 * (a + b));
        smoothed.mass_on_grid = step * (smoothed.density.iter().sum::<f64>() - ends);
        smoothed.lost_mass = free - smoothed.mass_on_grid;
        Some(smoothed)
    }
}

fn add_kernel(curve: &mut [f64], from: f64, step: f64, sigma: f64, centre: f64, weight: f64) {
    let peak = weight / (sigma * std::f64::consts::TAU.sqrt());
    let index = |x: f64| ((x - from) / step).clamp(0.0, curve.len() as f64) as usize;
    let (first, last) = (index(centre - REACH * sigma), (index(centre + REACH * sigma) + 1).min(curve.len()));
    for (i, value) in curve.iter_mut().enumerate().take(last).skip(first) {
        let d = (from + step * i as f64 - centre) / sigma;
        *value += peak * (-0.5 * d * d).exp();
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProbeQuadrature;
    use super::*;
    use crate::eigen::StopReason;

    fn density(nodes: Vec<f64>, sticks: Vec<f64>, scale: f64) -> Density {
        let weights = vec![1.0 / nodes.len() as f64; nodes.len()];
        let nodes: Vec<f64> = nodes.iter().map(|v| v * scale).collect();
        let probe = ProbeQuadrature { nodes, weights, exact: false };
        Density {
            dimension: 10,
            sticks: sticks.iter().map(|v| v * scale).collect(),
            probes: vec![probe.clone(), probe],
            steps: 5,
            products: 0,
            reason: StopReason::Converged,
            remarks: Vec::new(),
        }
    }

    #[test]
    fn what_is_on_the_grid_and_what_is_lost_is_all_the_free_mass() {
        for axis in [Axis::Linear, Axis::SymmetricLog { threshold: 1e-3 }] {
            let d = density(vec![-1.0, -0.01, 0.0, 0.2, 3.0], vec![50.0], 1.0);
            let s = d.smoothed(axis, 801, 0.95).unwrap();
            assert!((s.mass_on_grid + s.lost_mass - 0.9).abs() < 1e-14);
            assert!(s.lost_mass.abs() < 0.01 && s.mass_on_grid > 0.89, "{} {}", s.mass_on_grid, s.lost_mass);
            let without = density(vec![-1.0, -0.01, 0.0, 0.2, 3.0], vec![], 1.0).smoothed(axis, 801, 0.95).unwrap();
            assert_eq!(s.values, without.values, "an outlier that is a stick does not widen the grid");
        }
    }

    #[test]
    fn a_multiple_of_the_spectrum_has_a_multiple_of_the_width() {
        let of = |scale| density(vec![-1.0, 0.0, 0.2, 3.0], vec![], scale).smoothed(Axis::Linear, 101, 0.95).unwrap();
        let (one, tiny) = (of(1.0), of(1e-8));
        assert!((tiny.kernel_width / one.kernel_width / 1e-8 - 1.0).abs() < 1e-12);
        assert!(
            one.density.iter().zip(&tiny.density).all(|(a, b)| (a - b * 1e-8).abs() <= 1e-9 * a.max(1e-300) + 1e-12)
        );
    }

    #[test]
    fn one_eigenvalue_and_none_at_all_are_drawn() {
        for at in [0.0, 2.0, -1e-8] {
            let s = density(vec![at], vec![], 1.0).smoothed(Axis::Linear, 101, 0.95).unwrap();
            assert!(s.density.iter().all(|v| v.is_finite()) && s.mass_on_grid > 0.5, "{at}: {s:?}");
        }
        let mut none = density(vec![1.0], vec![], 1.0);
        none.probes.clear();
        assert!(none.smoothed(Axis::Linear, 10, 0.95).is_none());
    }

    #[test]
    fn the_symmetric_logarithm_is_undone_by_its_inverse() {
        let axis = Axis::SymmetricLog { threshold: 1e-4 };
        for v in [-3.0, -1e-6, 0.0, 2e-5, 1e3] {
            assert!((axis.value(axis.place(v)) - v).abs() <= 1e-13 * f64::abs(v));
        }
        assert!((axis.place(9e-4) - 1.0).abs() < 1e-12);
    }
}
