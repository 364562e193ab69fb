//! Lines of equal height on a grid, and the regions above them (marching squares).
//!
//! Within a cell the height is interpolated along the edges; where opposite corners are high, the mean of all four
//! decides. Heights that are not numbers are holes.

use std::collections::BTreeMap;

/// Heights on a grid of columns `xs` and rows `ys`, row by row.
pub(super) struct Heights<'a> {
    pub xs: &'a [f64],
    pub ys: &'a [f64],
    pub z: &'a [f64],
}

/// An edge between two neighbours: row, column, and whether it leads to the next row.
type Edge = (usize, usize, bool);

impl Heights<'_> {
    /// The lines on which the height is `level`; those within the grid are closed (their last point is the first).
    pub fn lines(&self, level: f64) -> Vec<Vec<[f64; 2]>> {
        trace(self.segments(level)).into_iter().map(|edges| self.points(&edges, level)).collect()
    }

    /// Closed lines around everything at least as high as `level`, for filling by the even-odd rule.
    pub fn region(&self, level: f64) -> Vec<Vec<[f64; 2]>> {
        // A border without extent and below every level closes the lines at the rim.
        let wide = |v: &[f64]| {
            let mut out = Vec::with_capacity(v.len() + 2);
            out.extend(v.first());
            out.extend_from_slice(v);
            out.extend(v.last());
            out
        };
        let (xs, ys) = (wide(self.xs), wide(self.ys));
        let columns = self.xs.len();
        let mut z = vec![f64::NEG_INFINITY; xs.len() * ys.len()];
        for (row, values) in self.z.chunks_exact(columns.max(1)).enumerate() {
            let start = (row + 1) * xs.len() + 1;
            if let Some(place) = z.get_mut(start..start + columns) {
                place.copy_from_slice(values);
            }
        }
        Heights { xs: &xs, ys: &ys, z: &z }.lines(level)
    }

    fn height(&self, row: usize, column: usize) -> f64 {
        let z = self.z.get(row * self.xs.len() + column).copied().unwrap_or(f64::NAN);
        if z.is_nan() { f64::NEG_INFINITY } else { z }
    }

    fn segments(&self, level: f64) -> Vec<[Edge; 2]> {
        let mut segments = Vec::new();
        for row in 0..self.ys.len().saturating_sub(1) {
            for column in 0..self.xs.len().saturating_sub(1) {
                let corners = [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(r, c)| self.height(row + r, column + c));
                let (lower, right, upper, left): (Edge, Edge, Edge, Edge) =
                    ((row, column, false), (row, column + 1, true), (row + 1, column, false), (row, column, true));
                let case = corners.iter().enumerate().fold(0, |bits, (i, z)| bits | usize::from(*z >= level) << i);
                let middle = corners.iter().sum::<f64>() / 4.0 >= level;
                match case {
                    1 | 14 => segments.push([left, lower]),
                    2 | 13 => segments.push([lower, right]),
                    4 | 11 => segments.push([right, upper]),
                    8 | 7 => segments.push([upper, left]),
                    3 | 12 => segments.push([left, right]),
                    6 | 9 => segments.push([lower, upper]),
                    5 if middle => segments.extend([[left, upper], [lower, right]]),
                    5 => segments.extend([[left, lower], [right, upper]]),
                    10 if middle => segments.extend([[left, lower], [right, upper]]),
                    10 => segments.extend([[left, upper], [lower, right]]),
                    _ => {}
                }
            }
        }
        segments
    }

    fn points(&self, edges: &[Edge], level: f64) -> Vec<[f64; 2]> {
        edges
            .iter()
            .map(|&(row, column, next_row)| {
                let (to_row, to_column) = if next_row { (row + 1, column) } else { (row, column + 1) };
                let (a, b) = (self.height(row, column), self.height(to_row, to_column));
                let t = (level - a) / (b - a);
                // Beside a hole there is no slope.
                let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.5 };
                let mix = |v: &[f64], i: usize, j: usize| match (v.get(i), v.get(j)) {
                    (Some(a), Some(b)) => a + t * (b - a),
                    _ => f64::NAN,
                };
                [mix(self.xs, column, to_column), mix(self.ys, row, to_row)]
            })
            .collect()
    }
}

/// Joins segments that share an edge.
fn trace(segments: Vec<[Edge; 2]>) -> Vec<Vec<Edge>> {
    let mut at: BTreeMap<Edge, Vec<usize>> = BTreeMap::new();
    for (i, [a, b]) in segments.iter().enumerate() {
        at.entry(*a).or_default().push(i);
        at.entry(*b).or_default().push(i);
    }
    let mut used = vec![false; segments.len()];
    let mut lines = Vec::new();
    // Open lines first, from their ends; what is left is closed.
    let ends = at.iter().filter(|(_, s)| s.len() == 1).map(|(edge, _)| *edge);
    let starts: Vec<Edge> = ends.chain(segments.iter().map(|s| s[0])).collect();
    for start in starts {
        let mut line = vec![start];
        let mut here = start;
        while let Some(&next) = at.get(&here).and_then(|s| s.iter().find(|&&i| !used[i])) {
            used[next] = true;
            let [a, b] = segments[next];
            here = if a == here { b } else { a };
            line.push(here);
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize) -> Vec<f64> {
        (0..n).map(|i| -1.0 + 2.0 * i as f64 / (n - 1) as f64).collect()
    }

    fn heights(n: usize, f: impl Fn(f64, f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let v = grid(n);
        let z = v.iter().flat_map(|y| v.iter().map(|x| f(*x, *y)).collect::<Vec<_>>()).collect();
        (v, z)
    }

    /// Area by the shoelace formula.
    fn area(line: &[[f64; 2]]) -> f64 {
        line.windows(2).map(|p| p[0][0] * p[1][1] - p[1][0] * p[0][1]).sum::<f64>().abs() / 2.0
    }

    #[test]
    fn the_lines_of_a_bowl_are_circles() {
        let (v, z) = heights(81, |x, y| x * x + y * y);
        let lines = Heights { xs: &v, ys: &v, z: &z }.lines(0.49);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].iter().all(|[x, y]| (x.hypot(*y) - 0.7).abs() < 1e-3), "{:?}", lines[0]);
    }

    #[test]
    fn a_region_is_what_lies_above_and_ends_at_the_rim() {
        let (v, z) = heights(41, |x, _| x);
        let region = Heights { xs: &v, ys: &v, z: &z }.region(0.3);
        assert_eq!(region.len(), 1);
        assert!((area(&region[0]) - 0.7 * 2.0).abs() < 1e-9, "{}", area(&region[0]));
        let (v, z) = heights(81, |x, y| x * x + y * y);
        let parts = Heights { xs: &v, ys: &v, z: &z }.region(0.49);
        // The rim less a disc, by the even-odd rule.
        assert_eq!(parts.len(), 2);
        let areas: Vec<f64> = parts.iter().map(|p| area(p)).collect();
        assert!(
            (areas[0].max(areas[1]) - 4.0).abs() < 1e-9
                && (areas[0].min(areas[1]) - 0.49 * std::f64::consts::PI).abs() < 2e-3
        );
    }

    #[test]
    fn a_saddle_is_resolved_and_a_hole_left_out() {
        let (v, z) = heights(2, |x, y| x * y);
        assert_eq!(Heights { xs: &v, ys: &v, z: &z }.lines(0.0).len(), 2);
        let (v, mut z) = heights(5, |_, _| 1.0);
        z[12] = f64::NAN;
        let region = Heights { xs: &v, ys: &v, z: &z }.region(0.5);
        assert_eq!(region.len(), 2, "the rim and the hole");
        assert!(Heights { xs: &[], ys: &[], z: &[] }.region(0.0).is_empty());
    }
}
