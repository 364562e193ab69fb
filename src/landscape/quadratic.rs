//! The quadratic model L + gᵀd + ½ dᵀHd along the directions, and how far the loss agrees with it.

use super::Grid;
use serde::{Deserialize, Serialize};

/// A quadratic function of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quadratic {
    /// The loss at the centre.
    pub constant: f64,
    /// gᵀd of each direction; zero for one that is not there.
    pub slope: [f64; 2],
    /// d₁ᵀHd₁, d₁ᵀHd₂ and d₂ᵀHd₂.
    pub curvature: [f64; 3],
}

impl Quadratic {
    /// Its value.
    pub fn at(&self, [a, b]: [f64; 2]) -> f64 {
        let [aa, ab, bb] = self.curvature;
        self.constant + (a * self.slope[0] + b * self.slope[1]) + 0.5 * (a * a * aa + 2.0 * a * b * ab + b * b * bb)
    }

    /// The largest |loss − model| over the points next to the centre, relative to the largest change of the model over
    /// them; none where there is no such point or the model is flat there.
    pub fn deviation(&self, grid: &Grid, loss: &[f64]) -> Option<f64> {
        let near = grid.near();
        let pairs = || near.iter().filter_map(|&i| Some((self.at(grid.steps(i)), *loss.get(i)?)));
        let change = pairs().map(|(q, _)| (q - self.constant).abs()).fold(0.0, f64::max);
        let error = pairs().map(|(q, l)| (q - l).abs()).fold(0.0, f64::max);
        (change > 0.0 && !near.is_empty()).then_some(error / change).filter(|d| d.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_a_quadratic_function_is_that_function() {
        let f = |a: f64, b: f64| 1.0 + 2.0 * a - b + 3.0 * a * a + a * b + 0.5 * b * b;
        let model = Quadratic { constant: 1.0, slope: [2.0, -1.0], curvature: [6.0, 1.0, 1.0] };
        let grid = Grid::centred(5, 2.0, 2);
        let loss: Vec<f64> = (0..grid.len()).map(|i| grid.steps(i)).map(|[a, b]| f(a, b)).collect();
        assert!((0..grid.len()).all(|i| (model.at(grid.steps(i)) - loss[i]).abs() < 1e-12));
        assert!(model.deviation(&grid, &loss).unwrap() < 1e-12);
    }

    #[test]
    fn a_third_order_term_shows_as_a_deviation_that_grows_with_the_step() {
        let model = Quadratic { constant: 0.0, slope: [0.0; 2], curvature: [2.0, 0.0, 0.0] };
        let measured = |radius: f64| {
            let grid = Grid::centred(3, radius, 1);
            let loss: Vec<f64> = grid.first.iter().map(|a| a * a + 0.1 * a.powi(3)).collect();
            model.deviation(&grid, &loss).unwrap()
        };
        assert!((measured(1.0) - 0.1).abs() < 1e-12 && (measured(0.1) - 0.01).abs() < 1e-12);
        let flat = Quadratic { constant: 0.0, slope: [0.0; 2], curvature: [0.0; 3] };
        assert_eq!(flat.deviation(&Grid::centred(3, 1.0, 1), &[0.0; 3]), None);
    }
}
