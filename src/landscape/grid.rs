//! The points of a landscape, in the order in which they are measured: row by row, the first direction fastest.

/// Positions along one or two directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Along the first direction.
    pub first: Vec<f64>,
    /// Along the second; one zero where there is none.
    pub second: Vec<f64>,
}

impl Grid {
    /// From −radius to radius. With an odd number of points the middle one is exactly zero, and both sides are each
    /// other's negatives.
    pub fn centred(points: usize, radius: f64, dims: usize) -> Self {
        let last = points.saturating_sub(1).max(1) as f64;
        let line: Vec<f64> = (0..points).map(|i| radius * ((2.0 * i as f64 - last) / last)).collect();
        Grid::of(line, dims)
    }

    /// From 0 to 1 and by `beyond` further on both sides.
    pub fn between(points: usize, beyond: f64, dims: usize) -> Self {
        let last = points.saturating_sub(1).max(1) as f64;
        let line: Vec<f64> = (0..points).map(|i| -beyond + (1.0 + 2.0 * beyond) * (i as f64 / last)).collect();
        Grid::of(line, dims)
    }

    fn of(line: Vec<f64>, dims: usize) -> Self {
        let second = if dims == 2 { line.clone() } else { vec![0.0] };
        Grid { first: line, second }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.first.len() * self.second.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row and column of a point.
    pub fn place(&self, index: usize) -> [usize; 2] {
        let columns = self.first.len().max(1);
        [index / columns, index % columns]
    }

    /// The steps along both directions; NaN beyond the last point.
    pub fn steps(&self, index: usize) -> [f64; 2] {
        let [row, column] = self.place(index);
        let at = |line: &[f64], i: usize| line.get(i).copied().unwrap_or(f64::NAN);
        [at(&self.first, column), at(&self.second, row)]
    }

    /// The points nearest to the centre, the centre left out: at most one grid step away in each direction.
    pub fn near(&self) -> Vec<usize> {
        let reach = |line: &[f64]| match line {
            [a, b, ..] => (b - a).abs() * 1.000_001,
            _ => 0.0,
        };
        let (x, y) = (reach(&self.first), reach(&self.second));
        (0..self.len())
            .filter(|&i| {
                let [a, b] = self.steps(i);
                a.abs() <= x && b.abs() <= y && (a != 0.0 || b != 0.0)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centred_grid_is_symmetric_to_the_bit_and_passes_through_zero() {
        for points in [3, 21, 41] {
            let grid = Grid::centred(points, 0.3, 2);
            let line = &grid.first;
            assert!((0..points).all(|i| line[i] == -line[points - 1 - i]));
            assert_eq!((line[points / 2], line[points - 1]), (0.0, 0.3));
            assert_eq!(grid.len(), points * points);
        }
    }

    #[test]
    fn rows_and_columns_keep_their_coordinates() {
        let grid = Grid { first: vec![1.0, 2.0, 3.0], second: vec![10.0, 20.0] };
        let all: Vec<[f64; 2]> = (0..grid.len()).map(|i| grid.steps(i)).collect();
        assert_eq!(all, [[1.0, 10.0], [2.0, 10.0], [3.0, 10.0], [1.0, 20.0], [2.0, 20.0], [3.0, 20.0]]);
        assert_eq!(grid.place(4), [1, 1]);
    }

    #[test]
    fn the_neighbours_of_the_centre_are_found() {
        assert_eq!(Grid::centred(5, 1.0, 1).near(), [1, 3]);
        assert_eq!(Grid::centred(5, 1.0, 2).near().len(), 8);
        assert_eq!(Grid::between(5, 0.5, 1).first, [-0.5, 0.0, 0.5, 1.0, 1.5]);
    }
}
