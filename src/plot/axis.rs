//! An axis as it is asked for.

use super::Scale;
use serde::{Deserialize, Serialize};

/// What an axis shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Axis {
    /// The quantity, with its unit where it has one: `time / s`.
    pub label: String,
    /// How values are spread.
    pub scale: Scale,
    /// From where to where; chosen by the data unless given.
    pub range: Option<[f64; 2]>,
    /// Values to mark with their labels; round numbers unless given.
    pub marks: Option<Vec<(f64, String)>>,
}

impl Axis {
    /// A linear axis.
    pub fn new(label: impl Into<String>) -> Self {
        Axis { label: label.into(), ..Axis::default() }
    }
    /// A logarithmic axis.
    pub fn log(label: impl Into<String>) -> Self {
        Axis { label: label.into(), scale: Scale::Log, ..Axis::default() }
    }
    /// With another scale.
    pub fn scaled(self, scale: Scale) -> Self {
        Axis { scale, ..self }
    }
    /// From where to where.
    pub fn range(self, low: f64, high: f64) -> Self {
        Axis { range: Some([low, high]), ..self }
    }
    /// Marked at these values.
    pub fn marks(self, marks: Vec<(f64, String)>) -> Self {
        Axis { marks: Some(marks), ..self }
    }
}
