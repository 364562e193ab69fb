//! Eigenvalues by rank, each with its residual.

use crate::plot::{Axis, Chart, Part, Scale, Series, Style};

/// One eigenvalue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EigenBar {
    /// The eigenvalue.
    pub value: f64,
    /// ‖Hv − λv‖ in the same unit: an eigenvalue of H lies within this distance.
    pub residual: f64,
}

/// Eigenvalues by rank, one series for each end of the spectrum or each network, with bars of ± the residual. The axis is
/// logarithmic where everything is positive and spans more than a power of ten, and symmetric-logarithmic where both
/// signs do.
pub fn eigenvalues(title: &str, groups: &[(String, Vec<EigenBar>)]) -> Chart {
    let values: Vec<f64> = groups.iter().flat_map(|g| g.1.iter().map(|e| e.value)).filter(|v| v.is_finite()).collect();
    let sizes = || values.iter().map(|v| v.abs()).filter(|v| *v > 0.0);
    let spread = sizes().fold(0.0, f64::max) / sizes().fold(f64::INFINITY, f64::min);
    let scale = match (values.iter().all(|v| *v > 0.0), spread > 20.0) {
        (_, false) => Scale::Linear,
        (true, true) => Scale::Log,
        // What is a thousandth of the largest or less is seldom told apart from zero, and powers of ten of it say nothing.
        (false, true) => {
            let (most, least) = (sizes().fold(0.0, f64::max), sizes().fold(f64::INFINITY, f64::min));
            Scale::Symlog(10f64.powf(least.max(1e-3 * most).log10().floor()))
        }
    };
    let longest = groups.iter().map(|g| g.1.len()).max().unwrap_or(0);
    let series = groups.iter().enumerate().map(|(i, (name, pairs))| {
        let at = |k: usize| (k + 1) as f64;
        let points = pairs.iter().enumerate().map(|(k, e)| [at(k), e.value]);
        let errors =
            pairs.iter().enumerate().map(|(k, e)| [at(k), e.value - e.residual, e.value + e.residual]).collect();
        Series::line(name.clone(), Style::nth(i), points).over(Part::Errors(errors))
    });
    let mut series: Vec<Series> = series.collect();
    if scale != Scale::Log && values.iter().any(|v| *v < 0.0) && values.iter().any(|v| *v > 0.0) {
        let zero = Style { color: 7, ..Style::nth(3) }.bare();
        series.insert(0, Series::new("", zero, Part::Level(0.0)));
    }
    let mut x = Axis::new("rank").range(0.5, longest.max(1) as f64 + 0.5);
    if longest <= 25 {
        x = x.marks((1..=longest).map(|k| (k as f64, k.to_string())).collect());
    }
    Chart { title: title.to_string(), x, y: Axis::new("eigenvalue λ").scaled(scale), series, note: String::new() }
}
