//! The pictures of the study: how low the smallest eigenvalues are, and the paper's Figure 7.

use super::SaddleFreeReport;
use super::cell::CellReport;
use super::landscape::Landscape;
use super::point::Point;
use crate::plot::{Axis, Chart, Figure, Filling, Map, Panel, Part, Scale, Series, Style};
use crate::report::{grouped, significant};

/// The distribution of λ_min/λ₁ over the points of each network: the study at a glance.
///
/// As a cumulative curve: a histogram over ten powers of ten and both signs would show its bins.
pub fn saddle_free_figure(report: &SaddleFreeReport) -> Figure {
    let level = report.options.semi_definite;
    let series = report.cells.iter().enumerate().map(|(i, cell)| {
        Series::line(cell.name.clone(), Style::nth(i).bare(), steps(cell.points.iter().map(Point::lowest_share)))
    });
    let tolerance = Series::new("", Style { color: 7, ..Style::nth(3) }.bare(), Part::At(-level));
    Chart {
        title: "How negative the smallest eigenvalue is".to_string(),
        // Where rounding lives the axis is linear, so that everything there is one step at zero.
        x: Axis::new("smallest eigenvalue λ_min / λ₁").scaled(Scale::Symlog(level)).range(-1.0, 10.0 * level),
        y: Axis::new("points at or below / %").range(-2.0, 102.0),
        series: std::iter::once(tolerance).chain(series).collect(),
        note: format!("Left of the dotted line (−{level:e}) a point counts as negative."),
    }
    .into()
}

/// A cumulative distribution as steps, in per cent.
fn steps(values: impl Iterator<Item = f64>) -> Vec<[f64; 2]> {
    let mut sorted: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let of = sorted.len().max(1) as f64;
    let mut points = vec![[-1.0, 0.0]];
    for (i, v) in sorted.iter().enumerate() {
        points.extend([[*v, 100.0 * i as f64 / of], [*v, 100.0 * (i + 1) as f64 / of]]);
    }
    points
}

/// The largest eigenvalues of every network's points, from the smallest to the largest.
pub(super) fn largest(report: &SaddleFreeReport) -> Figure {
    let series = report.cells.iter().enumerate().map(|(i, cell)| {
        let mut values: Vec<f64> = cell.points.iter().map(|p| p.largest).filter(|v| *v > 0.0).collect();
        values.sort_by(f64::total_cmp);
        let of = values.len().max(1) as f64;
        let points = values.iter().enumerate().map(|(k, v)| [100.0 * (k as f64 + 0.5) / of, *v]);
        Series::line(cell.name.clone(), Style::nth(i).bare(), points)
    });
    Chart {
        title: "How sharp the loss is in the input".to_string(),
        x: Axis::new("points, from flat to sharp / %").range(0.0, 100.0),
        y: Axis::log("largest eigenvalue λ₁"),
        series: series.collect(),
        ..Chart::default()
    }
    .into()
}

/// The loss around one sample of each network; none without any.
pub(super) fn landscapes(report: &SaddleFreeReport) -> Option<Figure> {
    let panels: Vec<Panel> =
        report.cells.iter().filter_map(|cell| Some(map(cell, cell.landscape.as_ref()?).into())).collect();
    if panels.is_empty() {
        return None;
    }
    Some(Figure { title: String::new(), columns: panels.len().min(2), panels, note: String::new() })
}

fn map(cell: &CellReport, landscape: &Landscape) -> Map {
    let side = landscape.offsets.len();
    // A row of the landscape lies along v₂; here v₁ goes to the right.
    let values: Vec<f64> =
        (0..side).flat_map(|j| landscape.losses.iter().filter_map(move |row| row.get(j).copied())).collect();
    let (low, high) = values.iter().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    Map {
        title: cell.name.clone(),
        x: Axis::new("step along v₁ (L2)"),
        y: Axis::new("step along v₂ (L2)"),
        xs: landscape.offsets.clone(),
        ys: landscape.offsets.clone(),
        values,
        label: "cross-entropy".to_string(),
        scale: if low > 0.0 && high > 10.0 * low { Scale::Log } else { Scale::Linear },
        filling: Filling::Contours,
        rings: vec![[0.0, 0.0]],
        note: format!(
            "sample {}, class {}; λ₁ {}, λ₂ {}",
            grouped(landscape.index),
            landscape.label,
            significant(landscape.eigenvalues[0], 3),
            significant(landscape.eigenvalues[1], 3)
        ),
        ..Map::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cumulative_curve_climbs_from_zero_to_a_hundred_at_its_values() {
        let found = steps([0.0, f64::NAN, -0.5].into_iter());
        assert_eq!(found, [[-1.0, 0.0], [-0.5, 0.0], [-0.5, 50.0], [0.0, 50.0], [0.0, 100.0]]);
    }
}
