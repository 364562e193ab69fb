//! Numbers of a tensor in the three widths that the program computes with.
//!
//! A file may hold fourteen types. Three are enough to keep every value exactly: half and bfloat16 fit `f32`, all
//! integers below 2^63 fit `i64`.

/// The elements of a tensor in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision, and what was stored as half or bfloat16.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Integers of every width, and bools as 0 and 1.
    I64(Vec<i64>),
}

impl Values {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
            Values::I64(values) => values.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in double precision: exact, except for integers beyond 2^53, which are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Values::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::F64(values) => values.clone(),
            Values::I64(values) => values.iter().map(|&value| value as f64).collect(),
        }
    }

    /// The position of the first NaN or infinity.
    pub fn first_non_finite(&self) -> Option<usize> {
        match self {
            Values::F32(values) => values.iter().position(|value| !value.is_finite()),
            Values::F64(values) => values.iter().position(|value| !value.is_finite()),
            Values::I64(_) => None,
        }
    }
}

/// A tensor: its shape, and its elements in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorData {
    /// The extent of each dimension, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many elements as the product of the shape.
    pub values: Values,
}

/// The number of elements of a shape, if it can be counted at all.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent))
}
