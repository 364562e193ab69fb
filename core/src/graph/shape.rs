//! Shapes with at most one symbolic batch dimension.
//!
//! A graph is recorded once and compiled for any batch size, so one size stays open: `B`. It may appear once in a
//! shape, possibly multiplied (`[B, T, D]` reshaped to `[T·B, D]`). General symbolic algebra was decided against:
//! no network here needs two unknown sizes, and one makes every check decidable.

use crate::error::GraphError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One size: fixed, or a multiple of the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dim {
    /// This many entries.
    Fixed(usize),
    /// This many entries for every sample of the batch.
    Batch(usize),
}

impl Dim {
    /// The number of entries for a batch of `batch` samples; saturates rather than overflows.
    pub fn at(self, batch: usize) -> usize {
        match self {
            Dim::Fixed(n) => n,
            Dim::Batch(k) => k.saturating_mul(batch),
        }
    }

    /// Whether this is one, and so may be broadcast.
    pub fn is_one(self) -> bool {
        self == Dim::Fixed(1)
    }

    /// The product, or nothing where both depend on the batch or the product overflows.
    pub fn times(self, other: Dim) -> Option<Dim> {
        match (self, other) {
            (Dim::Fixed(a), Dim::Fixed(b)) => a.checked_mul(b).map(Dim::Fixed),
            (Dim::Fixed(a), Dim::Batch(b)) | (Dim::Batch(a), Dim::Fixed(b)) => a.checked_mul(b).map(Dim::Batch),
            (Dim::Batch(_), Dim::Batch(_)) => None,
        }
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::Fixed(n)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(n) => write!(f, "{n}"),
            Dim::Batch(1) => write!(f, "B"),
            Dim::Batch(k) => write!(f, "{k}B"),
        }
    }
}

/// The sizes of a value, outermost first; row-major everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape(Vec<Dim>);

impl Shape {
    /// Checks that at most one size depends on the batch and that the number of entries is representable.
    pub fn new(dims: Vec<Dim>) -> Result<Self, GraphError> {
        let shape = Shape(dims);
        if shape.0.len() > 8 {
            return Err(GraphError::mismatch("shape", "at most 8 axes", shape.0.len()));
        }
        match shape.0.iter().try_fold(Dim::Fixed(1), |a, &d| a.times(d)) {
            Some(Dim::Fixed(n)) | Some(Dim::Batch(n)) if n <= (1 << 40) => Ok(shape),
            _ => Err(GraphError::mismatch("shape", "one batch dimension and fewer than 2^40 entries", &shape)),
        }
    }

    /// A shape without a batch dimension.
    pub fn fixed(dims: &[usize]) -> Result<Self, GraphError> {
        Shape::new(dims.iter().map(|&n| Dim::Fixed(n)).collect())
    }

    /// The shape of a scalar.
    pub fn scalar() -> Self {
        Shape(Vec::new())
    }

    /// `[B, dims…]`.
    pub fn batched(dims: &[usize]) -> Result<Self, GraphError> {
        Shape::new(std::iter::once(Dim::Batch(1)).chain(dims.iter().map(|&n| Dim::Fixed(n))).collect())
    }

    /// The sizes, outermost first.
    pub fn dims(&self) -> &[Dim] {
        &self.0
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of entries, as a multiple of the batch where it depends on it.
    pub fn elements(&self) -> Dim {
        // `new` has checked the product.
        self.0.iter().fold(Dim::Fixed(1), |a, &d| a.times(d).unwrap_or(a))
    }

    /// The last size, one for a scalar.
    pub fn last(&self) -> Dim {
        self.0.last().copied().unwrap_or(Dim::Fixed(1))
    }

    /// The sizes for a given batch.
    pub fn at(&self, batch: usize) -> Vec<usize> {
        self.0.iter().map(|d| d.at(batch)).collect()
    }

    /// The sizes where none depends on the batch.
    pub fn as_fixed(&self) -> Option<Vec<usize>> {
        self.0.iter().map(|d| if let Dim::Fixed(n) = d { Some(*n) } else { None }).collect()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{d}")?;
        }
        f.write_str("]")
    }
}
