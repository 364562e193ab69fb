//! A spectrum as a picture: eigenvalues by rank, and the density where there is one.

mod density;

use super::{Pair, SpectrumReport};
use crate::plot::{Chart, Figure, Panel, charts};
use crate::report::grouped;

/// The eigenvalues at both ends by rank, with bars of ± the residual; beside them the density on a linear and on a
/// symmetric-logarithmic axis and the cumulative distribution, where they were estimated.
pub fn spectrum_figure(report: &SpectrumReport) -> Figure {
    let eigenvalues = (!report.largest.is_empty() || !report.smallest.is_empty()).then(|| ends(report));
    let Some(density) = &report.estimates.density else {
        return eigenvalues.unwrap_or_default().into();
    };
    let mut panels: Vec<Panel> = eigenvalues.map(Panel::from).into_iter().collect();
    panels.extend(density::charts(density).into_iter().map(Panel::from));
    let title =
        format!("{} on {}, {}: spectrum of the Hessian", report.model.name, report.data.name, report.data.split);
    Figure { title, columns: 2, panels, note: String::new() }
}

fn ends(report: &SpectrumReport) -> Chart {
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
    let title = match report.estimates.density {
        Some(_) => "eigenvalues at the ends".to_string(),
        None => {
            format!("{} on {}, {}: eigenvalues of the Hessian", report.model.name, report.data.name, report.data.split)
        }
    };
    let mut chart = charts::eigenvalues(&title, &groups);
    let doubtful = pairs().filter(|p| !p.converged).count();
    chart.note = format!(
        "{} samples, {} dimensions; bars: ± the residual{}.",
        grouped(report.data.samples),
        grouped(report.dimension),
        if doubtful == 0 { String::new() } else { format!("; {doubtful} did not converge") }
    );
    chart
}
