//! The cumulative distribution of eigenvalues, Φ(x) = #{λ ≤ x} / n, with its brackets and bands.
//!
//! For a Gauss quadrature with nodes θ₁ < … < θ_m and weights w of a distribution F, the Chebyshev–Markov–Stieltjes
//! inequalities are Σ_{i<k} w_i ≤ F(θ_k −) ≤ F(θ_k) ≤ Σ_{i≤k} w_i (Szegő, *Orthogonal Polynomials*, 3.41). Between
//! θ_k and θ_{k+1} therefore Σ_{i<k} w_i ≤ F(x) ≤ Σ_{i≤k+1} w_i, whatever F is. With Chen, Trogdon and Ubaru (ICML 2021)
//! these are averaged over probes; the band of the probes is added outside.

use super::{Density, ProbeQuadrature};
use crate::estimate::statistics::{mean, student_t};

/// Φ at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CumulativePoint {
    /// The mean over probes of the quadratures' own step functions, sticks included.
    pub value: f64,
    /// The mean of the lower bounds that the quadratures give; no probe noise in it.
    pub quadrature_low: f64,
    /// The mean of the upper bounds.
    pub quadrature_high: f64,
    /// Standard error of `value` over probes; NaN for a single probe.
    pub standard_error: f64,
    /// Lower end of the whole band: quadrature and probes at the wanted confidence.
    pub low: f64,
    /// Upper end of the whole band.
    pub high: f64,
}

/// A mass with its bounds by quadrature, in one probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bracket {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl ProbeQuadrature {
    /// F(x) with its bounds.
    pub(super) fn cumulative(&self, x: f64) -> Bracket {
        let below = self.nodes.partition_point(|&node| node <= x);
        let sum = |count: usize| self.weights.iter().take(count).sum::<f64>();
        let value = sum(below);
        if self.exact {
            return Bracket { value, low: value, high: value };
        }
        let last = self.nodes.len();
        // Beyond the last node the rest of the mass may lie, but not more than there is.
        Bracket { value, low: sum(below.saturating_sub(1)), high: if below + 1 >= last { 1.0 } else { sum(below + 1) } }
    }
}

/// Averages a bracket over probes and adds `known` mass.
pub(super) fn average(density: &Density, brackets: &[Bracket], known: f64, confidence: f64) -> CumulativePoint {
    let free = density.free_mass();
    let of = |part: fn(&Bracket) -> f64| mean(&brackets.iter().map(part).collect::<Vec<_>>());
    let (value, low, high) = (of(|b| b.value), of(|b| b.low), of(|b| b.high));
    let factor = student_t(confidence, brackets.len().saturating_sub(1));
    // One probe says nothing of the noise of probes; its band is that of the quadrature.
    let spread = |se: f64| if se.is_nan() || se == 0.0 { 0.0 } else { factor * se };
    CumulativePoint {
        value: known + free * value.value,
        quadrature_low: known + free * low.value,
        quadrature_high: known + free * high.value,
        standard_error: if free == 0.0 { 0.0 } else { free * value.standard_error },
        low: known + free * (low.value - spread(low.standard_error)).max(0.0),
        high: known + free * (high.value + spread(high.standard_error)).min(1.0),
    }
}

impl Density {
    /// Φ(x) with its bands at this confidence.
    pub fn cumulative(&self, x: f64, confidence: f64) -> CumulativePoint {
        let brackets: Vec<Bracket> = self.probes.iter().map(|probe| probe.cumulative(x)).collect();
        let known = self.sticks.iter().filter(|&&stick| stick <= x).count() as f64 * self.stick_mass();
        average(self, &brackets, known, confidence)
    }

    /// Wasserstein's distance W₁ = ∫ |Φ(x) − Ψ(x)| dx to the distribution of these eigenvalues, each of equal mass.
    pub fn wasserstein(&self, eigenvalues: &[f64]) -> f64 {
        let mut steps: Vec<(f64, f64)> = self.sticks.iter().map(|&x| (x, self.stick_mass())).collect();
        let share = self.free_mass() / self.probes.len().max(1) as f64;
        for probe in &self.probes {
            steps.extend(probe.nodes.iter().zip(&probe.weights).map(|(&x, &w)| (x, share * w)));
        }
        steps.extend(eigenvalues.iter().map(|&x| (x, -1.0 / eigenvalues.len() as f64)));
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut difference = 0.0;
        let mut distance = 0.0;
        for pair in steps.windows(2) {
            difference += pair[0].1;
            distance += difference.abs() * (pair[1].0 - pair[0].0);
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eigen::StopReason;

    fn density(sticks: Vec<f64>, probes: Vec<ProbeQuadrature>) -> Density {
        let dimension = 10;
        let (steps, products, reason) = (3, 0, StopReason::Converged);
        Density { dimension, sticks, probes, steps, products, reason, remarks: Vec::new() }
    }

    fn three(exact: bool) -> ProbeQuadrature {
        ProbeQuadrature { nodes: vec![-1.0, 0.0, 2.0], weights: vec![0.25, 0.5, 0.25], exact }
    }

    #[test]
    fn the_bounds_hold_one_weight_on_either_side() {
        let q = three(false);
        assert_eq!(q.cumulative(-2.0), Bracket { value: 0.0, low: 0.0, high: 0.25 });
        assert_eq!(q.cumulative(-0.5), Bracket { value: 0.25, low: 0.0, high: 0.75 });
        assert_eq!(q.cumulative(1.0), Bracket { value: 0.75, low: 0.25, high: 1.0 });
        assert_eq!(q.cumulative(3.0), Bracket { value: 1.0, low: 0.75, high: 1.0 });
        assert_eq!(three(true).cumulative(-0.5), Bracket { value: 0.25, low: 0.25, high: 0.25 });
    }

    #[test]
    fn sticks_are_counted_exactly_and_the_rest_is_scaled() {
        let d = density(vec![-3.0, 5.0], vec![three(true), three(true)]);
        let at = |x| d.cumulative(x, 0.95).value;
        assert!((at(-2.0) - 0.1).abs() < 1e-15 && (at(0.5) - (0.1 + 0.8 * 0.75)).abs() < 1e-15);
        assert!((at(9.0) - 1.0).abs() < 1e-15);
        let p = d.cumulative(0.5, 0.95);
        assert_eq!((p.standard_error, p.low, p.high), (0.0, p.value, p.value));
    }

    #[test]
    fn a_single_probe_has_the_quadrature_for_a_band() {
        let p = density(Vec::new(), vec![three(false)]).cumulative(-0.5, 0.95);
        assert!(p.standard_error.is_nan());
        assert_eq!((p.low, p.high), (0.0, 0.75));
    }

    #[test]
    fn the_distance_of_shifted_points_is_the_shift() {
        let eigenvalues: Vec<f64> = (0..10).map(f64::from).collect();
        let d = density(eigenvalues.iter().map(|v| v + 0.25).collect(), Vec::new());
        assert!((d.wasserstein(&eigenvalues) - 0.25).abs() < 1e-14);
        assert_eq!(d.trace().value, 47.5);
    }
}
