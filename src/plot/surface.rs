//! A map as a surface in a unit cube: numbers and marks, for a page on which a reader can turn it.

use super::colors::viridis;
use super::map::Map;
use super::scale::{Domain, Scale};
use super::theme::css;
use super::ticks::ticks;
use serde::Serialize;

/// Colours from the lowest to the highest value.
const COLORS: usize = 24;

/// Heights over a plane. All positions are from 0 to 1 along their axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Surface {
    /// Above.
    pub title: String,
    /// Of the axes: right, up the plane, height.
    pub labels: [String; 3],
    /// Columns, rising.
    pub xs: Vec<f64>,
    /// Rows, rising.
    pub ys: Vec<f64>,
    /// Row by row; none where there is no number.
    pub heights: Vec<Option<f64>>,
    /// Where each axis is marked, and with what.
    pub ticks: [Vec<(f64, String)>; 3],
    /// From the lowest to the highest.
    pub colors: Vec<String>,
    /// Points of the surface to mark: right, up the plane, height.
    pub rings: Vec<[f64; 3]>,
}

/// Four decimals: a thousandth of the cube is a fraction of a pixel.
fn short(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl Map {
    /// The map as a surface; none where it has fewer than two rows or columns or nothing to show.
    pub fn surface(&self) -> Option<Surface> {
        let (columns, rows) = (self.xs.len(), self.ys.len());
        if columns < 2 || rows < 2 || self.values.len() != columns * rows {
            return None;
        }
        let heights = Domain::of(self.values.iter().copied(), self.scale, self.range, 0.0);
        let place = |v: f64| heights.place(v).map(|p| short(p.clamp(0.0, 1.0)));
        let found: Vec<Option<f64>> = self.values.iter().map(|v| place(*v)).collect();
        if found.iter().all(Option::is_none) {
            return None;
        }
        let along = |line: &[f64]| Domain::of(line.iter().copied(), Scale::Linear, None, 0.0);
        let (x, y) = (along(&self.xs), along(&self.ys));
        let spread = |domain: &Domain, line: &[f64]| -> Vec<f64> {
            line.iter().map(|v| short(domain.place(*v).unwrap_or(0.0))).collect()
        };
        let marks = |domain: &Domain, wanted: usize| {
            let found = ticks(domain, wanted);
            let place = |(v, label): (f64, String)| Some((short(domain.place(v)?), label));
            let within = |mark: &(f64, String)| (-1e-3..=1.001).contains(&mark.0);
            (found.major.into_iter().filter_map(place).filter(within).collect::<Vec<_>>(), found.factor)
        };
        let named = |label: &str, factor: String| match (label.is_empty(), factor.is_empty()) {
            (_, true) => label.to_string(),
            (true, false) => factor,
            (false, false) => format!("{label} ({factor})"),
        };
        let [(x_ticks, x_factor), (y_ticks, y_factor), (z_ticks, z_factor)] =
            [marks(&x, 4), marks(&y, 4), marks(&heights, 4)];
        let nearest = |line: &[f64], v: f64| {
            (0..line.len()).min_by(|a, b| (line[*a] - v).abs().total_cmp(&(line[*b] - v).abs())).unwrap_or(0)
        };
        let ring = |at: &[f64; 2]| {
            let (column, row) = (nearest(&self.xs, at[0]), nearest(&self.ys, at[1]));
            let height = found.get(row * columns + column).copied().flatten()?;
            Some([short(x.place(at[0])?), short(y.place(at[1])?), height])
        };
        Some(Surface {
            title: self.title.clone(),
            labels: [named(&self.x.label, x_factor), named(&self.y.label, y_factor), named(&self.label, z_factor)],
            xs: spread(&x, &self.xs),
            ys: spread(&y, &self.ys),
            rings: self.rings.iter().filter_map(ring).collect(),
            heights: found,
            ticks: [x_ticks, y_ticks, z_ticks],
            colors: (0..COLORS).map(|i| css(viridis(i as f64 / (COLORS - 1) as f64))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Axis;

    fn map(values: Vec<f64>) -> Map {
        Map {
            x: Axis::new("step along v₁"),
            y: Axis::new("step along v₂"),
            xs: vec![-1.0, 0.0, 1.0],
            ys: vec![-1.0, 1.0],
            values,
            label: "loss".to_string(),
            rings: vec![[0.0, 0.9]],
            ..Map::default()
        }
    }

    #[test]
    fn everything_lies_in_the_unit_cube_and_what_is_no_number_is_left_out() {
        let surface = map(vec![2.0, 1.0, 2.0, f64::NAN, 5.0, 3.0]).surface().unwrap();
        assert_eq!((surface.xs.as_slice(), surface.ys.as_slice()), (&[0.0, 0.5, 1.0][..], &[0.0, 1.0][..]));
        assert_eq!(surface.heights, [Some(0.25), Some(0.0), Some(0.25), None, Some(1.0), Some(0.5)]);
        assert!(surface.ticks.iter().flatten().all(|t| (0.0..=1.0).contains(&t.0)));
        assert_eq!(surface.rings, [[0.5, 0.95, 1.0]]);
        assert_eq!((surface.colors.len(), surface.labels[2].as_str()), (COLORS, "loss"));
    }

    #[test]
    fn a_line_or_nothing_is_no_surface() {
        assert_eq!(map(vec![f64::NAN; 6]).surface(), None);
        assert_eq!(Map { ys: vec![0.0], values: vec![1.0; 3], ..map(Vec::new()) }.surface(), None);
        assert_eq!(map(vec![1.0; 5]).surface(), None);
    }
}
