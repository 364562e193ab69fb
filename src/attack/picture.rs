//! Robustness as a picture.

use super::AttackReport;
use crate::plot::{Figure, charts};
use crate::report::grouped;

/// Accuracy against ε, a curve for each attack and one for the worst case of several. The clean accuracy is their point
/// at zero.
pub fn attack_figure(report: &AttackReport) -> Figure {
    let clean_error = (report.clean_accuracy * (1.0 - report.clean_accuracy) / report.samples.max(1) as f64).sqrt();
    let clean = [0.0, report.clean_accuracy, clean_error];
    let with_clean = |mut points: Vec<[f64; 3]>| {
        if !points.iter().any(|p| p[0] == 0.0) {
            points.insert(0, clean);
        }
        points
    };
    let mut names: Vec<&str> = Vec::new();
    report.results.iter().for_each(|r| {
        if !names.contains(&r.attack.as_str()) {
            names.push(&r.attack);
        }
    });
    let mut curves: Vec<charts::RobustCurve> = names
        .iter()
        .map(|name| {
            let of = report.results.iter().filter(|r| r.attack == *name);
            let points = of.map(|r| [r.eps, r.robust_accuracy, r.standard_error]).collect();
            charts::RobustCurve { name: name.to_string(), points: with_clean(points) }
        })
        .collect();
    if curves.len() > 1 {
        let points = report.worst_case.iter().map(|w| [w.eps, w.robust_accuracy, w.standard_error]).collect();
        curves.push(charts::RobustCurve { name: "worst case".to_string(), points: with_clean(points) });
    }
    let norm = match report.norm.as_str() {
        "linf" => "L∞",
        "l2" => "L2",
        "l1" => "L1",
        other => other,
    };
    let title = format!("{} on {}, {}: accuracy under attack", report.model.name, report.data.name, report.data.split);
    let mut chart = charts::robustness(&title, norm, &curves);
    chart.note = format!("{} samples; bars: ± one standard error.", grouped(report.samples));
    chart.into()
}
