//! Histograms, and bars by category.

use crate::plot::{Axis, Chart, Part, Series, Style};

/// How often values fall between equally wide edges; as many bins as the square root of their number, at most 60.
pub fn histogram(title: &str, label: &str, values: &[f64]) -> Chart {
    let kept: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let low = kept.iter().copied().fold(f64::INFINITY, f64::min);
    let high = kept.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut part = Part::Steps { edges: Vec::new(), heights: Vec::new() };
    if low < high && (high - low).is_finite() {
        let count = ((kept.len() as f64).sqrt().ceil() as usize).clamp(1, 60);
        let edges: Vec<f64> = (0..=count).map(|i| low + (high - low) * i as f64 / count as f64).collect();
        let mut heights = vec![0.0; count];
        for v in &kept {
            let bin = ((v - low) / (high - low) * count as f64) as usize;
            if let Some(height) = heights.get_mut(bin.min(count - 1)) {
                *height += 1.0;
            }
        }
        part = Part::Steps { edges, heights };
    } else if low == high {
        let by = if low == 0.0 { 0.5 } else { 0.05 * low.abs() };
        part = Part::Steps { edges: vec![low - by, low + by], heights: vec![kept.len() as f64] };
    }
    let series = vec![Series::new("", Style::nth(0), part)];
    let left_out = values.len() - kept.len();
    let note =
        if left_out == 0 { String::new() } else { format!("{left_out} values that are not finite are left out.") };
    Chart { title: title.to_string(), x: Axis::new(label), y: Axis::new("count"), series, note }
}

/// One colour of bars: a value, and its uncertainty where there is one, for each category.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// In the legend.
    pub name: String,
    /// Category by category.
    pub values: Vec<f64>,
    /// Low and high, category by category; may be empty.
    pub errors: Vec<[f64; 2]>,
}

/// Bars beside each other for every category.
pub fn bars(title: &str, label: &str, categories: &[String], groups: &[Group]) -> Chart {
    let width = 0.8 / groups.len().max(1) as f64;
    let series = groups.iter().enumerate().map(|(g, group)| {
        let at = |c: usize| c as f64 + (g as f64 - (groups.len() as f64 - 1.0) / 2.0) * width;
        let bars = group.values.iter().enumerate().map(|(c, v)| [at(c), *v]).collect();
        let mut series = Series::new(group.name.clone(), Style::nth(g), Part::Bars { bars, width: width * 0.92 });
        if !group.errors.is_empty() {
            series
                .parts
                .push(Part::Errors(group.errors.iter().enumerate().map(|(c, e)| [at(c), e[0], e[1]]).collect()));
        }
        series
    });
    let x = Axis::new("")
        .range(-0.6, categories.len().max(1) as f64 - 0.4)
        .marks(categories.iter().enumerate().map(|(i, c)| (i as f64, c.clone())).collect());
    Chart { title: title.to_string(), x, y: Axis::new(label), series: series.collect(), note: String::new() }
}
