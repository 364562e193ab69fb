//! The density of a spectrum, with eigenvalues that are known exactly as sticks.

use crate::plot::{Axis, Chart, Dash, Marker, Part, Scale, Series, Style};

/// A density on a grid of eigenvalues.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DensityData {
    /// Where it is evaluated, rising.
    pub lambda: Vec<f64>,
    /// The estimate there.
    pub density: Vec<f64>,
    /// Confidence band, low and high; may be empty.
    pub band: Vec<[f64; 2]>,
    /// Eigenvalues known to a small residual, outside of the estimate, with the height to draw: each stands for one
    /// dimension, so 1/n over the width of the smoothing kernel, say.
    pub sticks: Vec<[f64; 2]>,
    /// What the band is: `95 % over 8 probes`.
    pub band_name: String,
}

/// The density with its band and sticks. `x` is linear or [`Scale::Symlog`]; the height is logarithmic unless `linear`.
pub fn density(title: &str, data: &DensityData, x: Scale, linear: bool) -> Chart {
    let curve = data.lambda.iter().zip(&data.density).map(|(l, d)| [*l, *d]);
    let mut series = Vec::new();
    if !data.band.is_empty() {
        let band = data.lambda.iter().zip(&data.band).map(|(l, b)| [*l, b[0], b[1]]).collect();
        series.push(Series::new(data.band_name.clone(), Style::nth(0), Part::Band(band)));
    }
    series.push(Series::line("density", Style::nth(0).bare(), curve));
    if !data.sticks.is_empty() {
        let style = Style { color: 1, dash: Dash::Solid, marker: Some(Marker::Square) };
        series.push(Series::new("eigenvalues", style, Part::Sticks(data.sticks.clone())));
    }
    // Six powers of ten below the peak there is nothing but the tail of the kernel.
    let peak = data
        .density
        .iter()
        .chain(data.sticks.iter().map(|s| &s[1]))
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let mut y = Axis::new("density");
    if !linear && peak > 0.0 {
        y = y.scaled(Scale::Log).range(peak * 1e-7, peak * 3.0);
    }
    Chart { title: title.to_string(), x: Axis::new("eigenvalue λ").scaled(x), y, series, note: String::new() }
}
