//! The density of the eigenvalues as charts: on a linear axis, where outliers stand apart; on a symmetric-logarithmic one,
//! where the bulk around zero can be read; and as a cumulative distribution, the only one of the three that no kernel has
//! smoothed.

use crate::estimate::{CumulativeCurve, Curve, DensityPart};
use crate::plot::charts::{self, DensityData};
use crate::plot::{Axis, Chart, Part, Scale, Series, Style};

/// The charts that there is data for.
pub(super) fn charts(part: &DensityPart) -> Vec<Chart> {
    let confidence = format!("{} %", 100.0 * part.confidence);
    let probes = format!("{confidence} over {} probes", part.probes);
    let mut drawn = Vec::new();
    if let Some(curve) = &part.linear {
        let mut chart = charts::density("density", &data(part, curve, &probes), Scale::Linear, false);
        chart.y.label = "share of eigenvalues per unit of λ".to_string();
        chart.note = "A stick is one eigenvalue, as high as the kernel would draw it.".to_string();
        drawn.push(chart);
    }
    if let Some(curve) = &part.symmetric_log {
        let threshold = curve.threshold.unwrap_or(0.0);
        let title = "density, logarithmic on both sides of zero";
        let mut chart = charts::density(title, &data(part, curve, &probes), Scale::Symlog(threshold), false);
        chart.y.label = "share of eigenvalues per decade of λ".to_string();
        chart.note = format!("Linear below |λ| = {threshold:.1e}.");
        drawn.push(chart);
    }
    let threshold = part.symmetric_log.as_ref().and_then(|c| c.threshold).unwrap_or(0.0);
    if !part.cumulative.values.is_empty() {
        drawn.push(cumulative(&part.cumulative, threshold, &confidence));
    }
    drawn
}

fn data(part: &DensityPart, curve: &Curve, probes: &str) -> DensityData {
    let height = |mass: f64| mass / (curve.kernel_width * std::f64::consts::TAU.sqrt());
    let banded = curve.low.iter().chain(&curve.high).all(|v| v.is_finite());
    let band = curve.low.iter().zip(&curve.high).map(|(low, high)| [*low, *high]);
    DensityData {
        lambda: curve.values.clone(),
        density: curve.density.clone(),
        band: if banded { band.collect() } else { Vec::new() },
        sticks: part.sticks.iter().map(|s| [s.value, height(s.mass)]).collect(),
        band_name: probes.to_string(),
    }
}

fn cumulative(curve: &CumulativeCurve, threshold: f64, confidence: &str) -> Chart {
    let band = |low: &[f64], high: &[f64]| {
        let ends = low.iter().zip(high);
        Part::Band(curve.values.iter().zip(ends).map(|(x, (low, high))| [*x, *low, *high]).collect())
    };
    let middle = curve.values.iter().zip(&curve.cumulative).map(|(x, y)| [*x, *y]);
    let whole = format!("quadrature, and {confidence} over probes");
    let series = vec![
        Series::new(whole, Style::nth(2).bare(), band(&curve.low, &curve.high)),
        Series::new("quadrature alone", Style::nth(1).bare(), band(&curve.quadrature_low, &curve.quadrature_high)),
        Series::line("estimate", Style::nth(0).bare(), middle),
    ];
    Chart {
        title: "cumulative distribution".to_string(),
        x: Axis::new("eigenvalue λ").scaled(Scale::Symlog(threshold)),
        y: Axis::new("share of eigenvalues up to λ").range(0.0, 1.0),
        series,
        note: String::new(),
    }
}
