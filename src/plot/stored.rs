//! Reading charts back from JSON, which writes null for numbers that are none.

use serde::{Deserialize, Deserializer};

fn number(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// A list of numbers.
pub(super) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    Ok(Vec::<Option<f64>>::deserialize(deserializer)?.into_iter().map(number).collect())
}

/// A list of points.
pub(super) fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[f64; 2]>, D::Error> {
    Ok(Vec::<[Option<f64>; 2]>::deserialize(deserializer)?.into_iter().map(|p| p.map(number)).collect())
}

/// A list of places with low and high.
pub(super) fn triples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[f64; 3]>, D::Error> {
    Ok(Vec::<[Option<f64>; 3]>::deserialize(deserializer)?.into_iter().map(|p| p.map(number)).collect())
}
