//! The density as data: what a picture needs, and what it was made from.

use hesse_core::estimate::Density;
use hesse_core::estimate::density::cumulative::CumulativePoint;
use hesse_core::estimate::density::smooth::{Axis, Smoothed};
use serde::Serialize;

/// Points of each curve.
const POINTS: usize = 256;

/// An eigenvalue that is known, with mass 1/n.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StickPart {
    /// λ.
    pub value: f64,
    /// 1/n.
    pub mass: f64,
    /// ‖Hv − λv‖ / |λ₁|.
    pub residual: f64,
}

/// The Gauss quadrature of one probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuadraturePart {
    /// Ascending.
    pub nodes: Vec<f64>,
    /// Sum one.
    pub weights: Vec<f64>,
    /// Whether the nodes are eigenvalues and the weights exact.
    pub exact: bool,
}

/// A smoothed density on a grid; sticks are not in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Places on the axis, equally spaced: λ, or sign(λ)·log₁₀(1 + |λ|/threshold).
    pub places: Vec<f64>,
    /// The eigenvalues that they stand for.
    pub values: Vec<f64>,
    /// Mass per unit of the axis.
    pub density: Vec<f64>,
    /// Standard error over probes; null for a single probe.
    pub standard_error: Vec<f64>,
    /// Lower end of the confidence band over probes.
    pub low: Vec<f64>,
    /// Upper end.
    pub high: Vec<f64>,
    /// Where the symmetric logarithm is linear: |λ| below this. Absent on a linear axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// σ of the kernel, in units of the axis.
    pub kernel_width: f64,
    /// The mass on the grid.
    pub mass_on_grid: f64,
    /// The mass that the kernel spread beyond it.
    pub lost_mass: f64,
}

impl Curve {
    fn new(smoothed: Smoothed, threshold: Option<f64>) -> Self {
        let Smoothed { places, values, density, standard_error, low, high, kernel_width, mass_on_grid, lost_mass } =
            smoothed;
        Curve { places, values, density, standard_error, low, high, threshold, kernel_width, mass_on_grid, lost_mass }
    }
}

/// The cumulative distribution, sticks included: the share of eigenvalues up to each value.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct CumulativeCurve {
    /// λ, ascending.
    pub values: Vec<f64>,
    /// #{λᵢ ≤ λ} / n.
    pub cumulative: Vec<f64>,
    /// Standard error over probes; null for a single probe.
    pub standard_error: Vec<f64>,
    /// Lower bound by quadrature alone, averaged over probes.
    pub quadrature_low: Vec<f64>,
    /// Upper bound by quadrature alone.
    pub quadrature_high: Vec<f64>,
    /// Lower end of the whole band, probes and quadrature.
    pub low: Vec<f64>,
    /// Upper end.
    pub high: Vec<f64>,
}

/// The share of eigenvalues in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MassPart {
    /// The share.
    pub mass: f64,
    /// Standard error over probes; null for a single probe.
    pub standard_error: f64,
    /// Bounds by quadrature alone.
    pub quadrature: [f64; 2],
    /// The whole band.
    pub band: [f64; 2],
}

impl From<&CumulativePoint> for MassPart {
    fn from(p: &CumulativePoint) -> Self {
        MassPart {
            mass: p.value,
            standard_error: p.standard_error,
            quadrature: [p.quadrature_low, p.quadrature_high],
            band: [p.low, p.high],
        }
    }
}

/// Shares below, around and above zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MassesPart {
    /// What counts as zero: |λ| up to this, 10⁻³ of the largest |λ|.
    pub threshold: f64,
    /// λ < −threshold.
    pub below: MassPart,
    /// |λ| ≤ threshold.
    pub around: MassPart,
    /// λ > threshold.
    pub above: MassPart,
}

/// The whole density.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DensityPart {
    /// The estimator with its options.
    pub method: String,
    /// Lanczos steps of each probe.
    pub steps: usize,
    /// Probes that are in the result.
    pub probes: usize,
    /// Products spent.
    pub products: usize,
    /// Why it ended.
    pub reason: String,
    /// Confidence of every band.
    pub confidence: f64,
    /// Eigenvalues that are known.
    pub sticks: Vec<StickPart>,
    /// (n − k)/n: what the probes share.
    pub free_mass: f64,
    /// One for each probe.
    pub quadratures: Vec<QuadraturePart>,
    /// On a linear axis; absent without probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<Curve>,
    /// On a symmetric-logarithmic axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetric_log: Option<Curve>,
    /// The cumulative distribution.
    pub cumulative: CumulativeCurve,
    /// Shares below, around and above zero.
    pub masses: MassesPart,
    /// n ∫ λ dφ.
    pub trace: f64,
    /// Its standard error over probes; null for a single probe.
    pub trace_standard_error: f64,
}

impl DensityPart {
    /// Everything that is drawn, from what was estimated.
    pub fn new(method: &str, density: &Density, residuals: &[f64], confidence: f64, epsilon: f64) -> Self {
        let scale = density.scale();
        // Below the rounding of the largest eigenvalue there is nothing to see.
        let threshold = (1e-6f64).max(100.0 * epsilon) * if scale > 0.0 { scale } else { 1.0 };
        let linear = density.smoothed(Axis::Linear, POINTS, confidence);
        let log = density.smoothed(Axis::SymmetricLog { threshold }, POINTS, confidence);
        let mut places: Vec<f64> =
            [&linear, &log].into_iter().flatten().flat_map(|c| c.values.iter().copied()).collect();
        // A step on both of its sides.
        places.extend(density.sticks.iter().flat_map(|&v| [v.next_down(), v]));
        places.sort_by(f64::total_cmp);
        places.dedup();
        let mut curve = CumulativeCurve::default();
        for value in places {
            let p = density.cumulative(value, confidence);
            curve.values.push(value);
            curve.cumulative.push(p.value);
            curve.standard_error.push(p.standard_error);
            curve.quadrature_low.push(p.quadrature_low);
            curve.quadrature_high.push(p.quadrature_high);
            curve.low.push(p.low);
            curve.high.push(p.high);
        }
        let masses = density.masses(1e-3 * scale, confidence);
        let trace = density.trace();
        let sticks = density.sticks.iter().enumerate();
        let residual = |i: usize| residuals.get(i).copied().unwrap_or(f64::NAN);
        let quadrature = |p: &hesse_core::estimate::ProbeQuadrature| QuadraturePart {
            nodes: p.nodes.clone(),
            weights: p.weights.clone(),
            exact: p.exact,
        };
        DensityPart {
            method: method.to_string(),
            steps: density.steps,
            probes: density.probes.len(),
            products: density.products,
            reason: density.reason.to_string(),
            confidence,
            sticks: sticks
                .map(|(i, &value)| StickPart { value, mass: density.stick_mass(), residual: residual(i) })
                .collect(),
            free_mass: density.free_mass(),
            quadratures: density.probes.iter().map(quadrature).collect(),
            linear: linear.map(|s| Curve::new(s, None)),
            symmetric_log: log.map(|s| Curve::new(s, Some(threshold))),
            cumulative: curve,
            masses: MassesPart {
                threshold: masses.threshold,
                below: (&masses.below).into(),
                around: (&masses.around).into(),
                above: (&masses.above).into(),
            },
            trace: trace.value,
            trace_standard_error: trace.standard_error,
        }
    }
}
