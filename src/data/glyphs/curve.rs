//! From a few points of a pen stroke to a line of short segments.
//!
//! Catmull–Rom, because it passes through its points: a shape can be written down as the places the pen visits, and
//! moving those places a little gives another hand's digit and never a broken one.

/// A place in the plane: right, down.
pub type Point = [f64; 2];

/// How the pen goes from point to point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// In straight lines.
    Straight,
    /// In a smooth curve.
    Smooth,
    /// In a smooth curve that ends where it began; the first point is not repeated.
    Closed,
}

/// Segments for each piece of a smooth curve.
const PIECES: usize = 5;

/// The corners of the line that the pen draws through `points`.
pub fn trace(path: Path, points: &[Point]) -> Vec<Point> {
    let at = |index: isize| -> Point {
        let last = points.len() as isize - 1;
        let index = if path == Path::Closed { index.rem_euclid(last + 1) } else { index.clamp(0, last) };
        points.get(index as usize).copied().unwrap_or_default()
    };
    let spans = match path {
        Path::Straight => return points.to_vec(),
        Path::Smooth => points.len().saturating_sub(1),
        Path::Closed => points.len(),
    };
    let mut line = Vec::with_capacity(spans * PIECES + 1);
    line.extend(points.first());
    for span in 0..spans as isize {
        let [a, b, c, d] = [-1, 0, 1, 2].map(|step| at(span + step));
        for piece in 1..=PIECES {
            let t = piece as f64 / PIECES as f64;
            line.push([0, 1].map(|axis| between(a[axis], b[axis], c[axis], d[axis], t)));
        }
    }
    line
}

/// The Catmull–Rom cubic from `b` (t = 0) to `c` (t = 1).
fn between(a: f64, b: f64, c: f64, d: f64, t: f64) -> f64 {
    0.5 * (2.0 * b + t * ((c - a) + t * ((2.0 * a - 5.0 * b + 4.0 * c - d) + t * (3.0 * (b - c) + d - a))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_line_visits_its_points() {
        let points = [[0.0, 0.0], [1.0, 0.5], [0.0, 1.0]];
        let line = trace(Path::Smooth, &points);
        assert_eq!(line.len(), 2 * PIECES + 1);
        for (index, point) in points.iter().enumerate() {
            assert_eq!(line[index * PIECES], *point);
        }
    }

    #[test]
    fn a_closed_line_ends_where_it_began() {
        let line = trace(Path::Closed, &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(line.first(), line.last());
    }

    #[test]
    fn a_line_without_points_is_empty() {
        for path in [Path::Straight, Path::Smooth, Path::Closed] {
            assert!(trace(path, &[]).is_empty());
        }
    }
}
