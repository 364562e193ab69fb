//! The share of eigenvalues below, around and above zero.
//!
//! "How many directions curve downwards?" is a question about a mass, and its answer needs both errors: a quadrature
//! cannot say exactly on which side of a threshold the weight of the nearest node lies.

use super::cumulative::{Bracket, CumulativePoint, average};
use super::{Density, ProbeQuadrature};

/// Masses on both sides of zero; each is a share of all eigenvalues.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masses {
    /// δ: what counts as zero is |λ| ≤ δ.
    pub threshold: f64,
    /// λ < −δ.
    pub below: CumulativePoint,
    /// |λ| ≤ δ.
    pub around: CumulativePoint,
    /// λ > δ.
    pub above: CumulativePoint,
}

fn between(probe: &ProbeQuadrature, low: f64, high: f64) -> Bracket {
    let (a, b) = (probe.cumulative(low), probe.cumulative(high));
    Bracket {
        value: (b.value - a.value).max(0.0),
        low: (b.low - a.high).max(0.0),
        high: (b.high - a.low).clamp(0.0, 1.0),
    }
}

impl Density {
    /// The masses with their bands at this confidence.
    pub fn masses(&self, threshold: f64, confidence: f64) -> Masses {
        let known = |inside: &dyn Fn(f64) -> bool| {
            self.sticks.iter().filter(|&&v| inside(v)).count() as f64 * self.stick_mass()
        };
        let part = |low: f64, high: f64, inside: &dyn Fn(f64) -> bool| {
            let brackets: Vec<Bracket> = self.probes.iter().map(|p| between(p, low, high)).collect();
            average(self, &brackets, known(inside), confidence)
        };
        // F(−δ −): what lies on the threshold counts as zero.
        let under = (-threshold).next_down();
        let (min, max) = (f64::NEG_INFINITY, f64::INFINITY);
        Masses {
            threshold,
            below: part(min, under, &|v| v <= under),
            around: part(under, threshold, &|v| v > under && v <= threshold),
            above: part(threshold, max, &|v| v > threshold),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eigen::StopReason;

    #[test]
    fn the_three_masses_are_everything_and_zero_belongs_to_the_middle() {
        let probe = |exact| ProbeQuadrature { nodes: vec![-1.0, 0.0, 0.5, 2.0], weights: vec![0.25; 4], exact };
        let of = |exact| Density {
            dimension: 4,
            sticks: vec![7.0],
            probes: vec![probe(exact), probe(exact)],
            steps: 4,
            products: 0,
            reason: StopReason::Converged,
            remarks: Vec::new(),
        };
        let m = of(true).masses(0.5, 0.95);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-15;
        assert!(near(m.below.value, 0.75 * 0.25) && near(m.around.value, 0.75 * 0.5));
        assert!(near(m.above.value, 0.25 + 0.75 * 0.25), "{m:?}");
        assert!(near(m.above.low, m.above.value));
        let m = of(false).masses(0.6, 0.95);
        assert!(m.above.quadrature_low < m.above.value && m.above.quadrature_high > m.above.value, "{m:?}");
        let m = of(false).masses(0.0, 0.95);
        assert!(near(m.around.value, 0.75 * 0.25), "{m:?}");
    }
}
