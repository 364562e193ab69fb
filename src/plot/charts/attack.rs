//! Accuracy against the size of a perturbation.

use crate::plot::{Axis, Chart, Part, Series, Style};

/// One attack.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustCurve {
    /// In the legend.
    pub name: String,
    /// `[ε, accuracy, standard error]`, with accuracies as shares.
    pub points: Vec<[f64; 3]>,
}

/// Accuracy in per cent against ε, with bars of ± one standard error.
pub fn robustness(title: &str, norm: &str, curves: &[RobustCurve]) -> Chart {
    let series = curves.iter().enumerate().map(|(i, curve)| {
        let points = curve.points.iter().map(|p| [p[0], 100.0 * p[1]]);
        let errors = curve.points.iter().map(|p| {
            let (low, high) = (p[1] - p[2], p[1] + p[2]);
            [p[0], 100.0 * low.max(0.0), 100.0 * high.min(1.0)]
        });
        Series::line(curve.name.clone(), Style::nth(i), points).over(Part::Errors(errors.collect()))
    });
    Chart {
        title: title.to_string(),
        x: Axis::new(format!("ε ({norm}, pixels from 0 to 1)")),
        y: Axis::new("accuracy / %").range(-2.0, 102.0),
        series: series.collect(),
        note: String::new(),
    }
}
