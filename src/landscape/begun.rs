//! What is known before the first point: the centre, the directions and the quadratic model.

use super::direction::{Direction, DirectionPart, EigenPart};
use super::{Quadratic, filter};
use serde::{Deserialize, Serialize};

/// The centre of a landscape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Centre {
    /// The mean loss.
    pub loss: f64,
    /// Share of samples classified correctly.
    pub accuracy: f64,
    /// Samples.
    pub samples: usize,
    /// Length of the loss's gradient by what is moved.
    pub gradient_norm: f64,
}

/// Kept beside the points, so that a landscape goes on with the same directions to the bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// Hash of everything the points depend on.
    pub key: String,
    pub centre: Centre,
    pub directions: Vec<DirectionPart>,
    /// The model; none where buffers move, which it does not know.
    pub model: Option<Quadratic>,
    /// Cosine of the angle between the directions.
    pub cosine: Option<f64>,
    /// Products spent on eigenvectors and curvature.
    pub products: usize,
    pub notices: Vec<String>,
}

/// A direction with what its maker knows.
pub(super) struct Named {
    pub direction: Direction,
    pub name: String,
    pub normalization: &'static str,
    pub seed: Option<u64>,
    /// Value, residual and whether it converged.
    pub eigen: Option<(f64, f64, bool)>,
}

/// Slopes and curvatures from gradient and products, and the figures of each direction.
pub(super) fn parts(
    named: &[Named],
    centre: &[f64],
    gradient: &[f64],
    products: &[Vec<f64>],
) -> (Vec<DirectionPart>, Quadratic) {
    let get = |i: usize| named.get(i).map(|n| n.direction.parameters.as_slice()).unwrap_or_default();
    let slope = |i: usize| filter::dot(get(i), gradient);
    let curved = |i: usize, j: usize| products.get(j).map_or(0.0, |hd| filter::dot(get(i), hd));
    let model = Quadratic {
        constant: 0.0,
        slope: [slope(0), slope(1)],
        // Both products of the mixed term, because each carries its own rounding.
        curvature: [curved(0, 0), 0.5 * (curved(0, 1) + curved(1, 0)), curved(1, 1)],
    };
    let size = filter::norm(centre);
    let parts = named.iter().enumerate().map(|(i, n)| {
        let norm = filter::norm(&n.direction.parameters);
        let curvature = curved(i, i);
        DirectionPart {
            name: n.name.clone(),
            normalization: n.normalization.to_string(),
            norm,
            relative_norm: if size > 0.0 { norm / size } else { 0.0 },
            seed: n.seed,
            eigen: n.eigen.map(|(value, residual, converged)| EigenPart {
                value,
                residual,
                converged,
                rayleigh_error: if value == 0.0 {
                    0.0
                } else {
                    (curvature / (norm * norm) - value).abs() / value.abs()
                },
            }),
            slope: slope(i),
            curvature,
            first_difference: None,
            second_difference: None,
            difference_step: 0.0,
        }
    });
    (parts.collect(), model)
}
