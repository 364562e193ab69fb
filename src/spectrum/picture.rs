//! A spectrum as a picture.

use super::{Pair, SpectrumReport};
use crate::plot::{Figure, charts};
use crate::report::grouped;

/// The eigenvalues at both ends by rank, with bars of ± the residual.
pub fn spectrum_figure(report: &SpectrumReport) -> Figure {
    let pairs = || report.largest.iter().chain(&report.smallest);
    // Residuals are relative to the eigenvalue of largest modulus.
    let size = pairs().map(|p| p.value.abs()).fold(0.0, f64::max);
    let bar = |p: &Pair| charts::EigenBar { value: p.value, residual: p.residual * size };
    let ends = [("largest", &report.largest), ("smallest", &report.smallest)];
    let groups: Vec<(String, Vec<charts::EigenBar>)> = ends
        .into_iter()
        .filter(|(_, pairs)| !pairs.is_empty())
        .map(|(name, pairs)| (name.to_string(), pairs.iter().map(bar).collect()))
        .collect();
    let title =
        format!("{} on {}, {}: eigenvalues of the Hessian", report.model.name, report.data.name, report.data.split);
    let mut chart = charts::eigenvalues(&title, &groups);
    let doubtful = pairs().filter(|p| !p.converged).count();
    chart.note = format!(
        "{} samples, {} dimensions; bars: ± the residual{}.",
        grouped(report.data.samples),
        grouped(report.dimension),
        if doubtful == 0 { String::new() } else { format!("; {doubtful} did not converge") }
    );
    chart.into()
}
