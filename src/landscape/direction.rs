//! The directions of a landscape, as numbers on the host.

use super::LandscapeError;
use super::filter::{dot, norm, orthogonalize};
use serde::{Deserialize, Serialize};

/// A direction.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Direction {
    /// One number for each parameter of the network, or for each pixel.
    pub parameters: Vec<f64>,
    /// One for each buffer; empty where buffers stay.
    pub buffers: Vec<f64>,
}

/// What is known of an eigenvector.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EigenPart {
    /// The solver's eigenvalue.
    pub value: f64,
    /// ‖Hv − λv‖ / |λ₁|.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
    /// |vᵀHv / vᵀv − λ| / |λ|, with a product of its own: the vector that is drawn is that of the eigenvalue.
    pub rayleigh_error: f64,
}

/// What is known of a direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectionPart {
    /// What it is.
    pub name: String,
    /// `unit length`, `filter normalised` or `none`.
    pub normalization: String,
    /// Its Euclidean length.
    pub norm: f64,
    /// That, divided by the length of the weights (or of the sample).
    pub relative_norm: f64,
    /// The seed that it was drawn with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Its eigenvalue, for an eigenvector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eigen: Option<EigenPart>,
    /// gᵀd.
    pub slope: f64,
    /// dᵀHd.
    pub curvature: f64,
    /// (L(h) − L(−h)) / 2h, which is the slope but for h² and rounding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_difference: Option<f64>,
    /// (L(h) − 2L(0) + L(−h)) / h², which is the curvature but for h² and rounding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_difference: Option<f64>,
    /// h.
    pub difference_step: f64,
}

/// An eigenvector's sign is arbitrary: its largest entry is made positive, the first of equals.
pub(super) fn fix_sign(v: &mut [f64]) {
    let largest = v.iter().fold(0.0, |m: f64, x| if x.abs() > m.abs() { *x } else { m });
    if largest < 0.0 {
        v.iter_mut().for_each(|x| *x = -*x);
    }
}

/// Scales to unit length.
pub(super) fn unit(v: &mut [f64], name: &str) -> Result<(), LandscapeError> {
    let length = norm(v);
    if !(length > 0.0 && length.is_finite()) {
        let mend = "try --along random";
        return Err(LandscapeError::NoDirection { direction: name.to_string(), length, mend });
    }
    v.iter_mut().for_each(|x| *x /= length);
    Ok(())
}

/// Takes what two directions share out of the second one.
pub(super) fn separate(directions: &mut [Direction]) {
    if let [first, second] = directions {
        orthogonalize(&mut second.parameters, &first.parameters);
    }
}

/// The cosine of the angle between two directions.
pub(super) fn cosine(directions: &[Direction]) -> Option<f64> {
    let [a, b] = directions else { return None };
    let lengths = norm(&a.parameters) * norm(&b.parameters);
    (lengths > 0.0).then(|| dot(&a.parameters, &b.parameters) / lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_follows_the_largest_entry() {
        let mut v = [0.1, -0.9, 0.3];
        fix_sign(&mut v);
        assert_eq!(v, [-0.1, 0.9, -0.3]);
        fix_sign(&mut v);
        assert_eq!(v[1], 0.9);
    }

    #[test]
    fn a_direction_of_no_length_is_refused_by_name() {
        assert!(
            unit(&mut [0.0, 0.0], "gradient").unwrap_err().to_string().starts_with("gradient: expected a direction")
        );
        let mut v = [3.0, 4.0];
        unit(&mut v, "x").unwrap();
        assert_eq!(v, [0.6, 0.8]);
    }
}
