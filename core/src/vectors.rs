//! Blocks of vectors that live where the backend wants them, and the arithmetic that solvers need on them.
//!
//! A solver's basis stays on the device: it sees only opaque [`Block`]s and a [`VectorSpace`]. The block (n × k), not the
//! vector, is the unit, because products with several columns at once share work. Inner products are accumulated in
//! f64 whatever the stored precision. The set of operations is what a loaded library could offer through a table of
//! functions, so nothing generic crosses.

use std::any::Any;
use std::ops::Range;
use thiserror::Error;

/// The stored type of a block's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
}

impl Precision {
    /// The unit roundoff's double: the distance from one to the next number.
    pub fn epsilon(self) -> f64 {
        match self {
            Precision::F32 => f64::from(f32::EPSILON),
            Precision::F64 => f64::EPSILON,
        }
    }

    /// Bytes of one entry.
    pub fn bytes(self) -> usize {
        match self {
            Precision::F32 => 4,
            Precision::F64 => 8,
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        })
    }
}

/// A failure of block arithmetic.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VectorError {
    /// Sizes that do not fit.
    #[error("{operation}: expected {expected}, found {found}")]
    Mismatch {
        /// Which operation.
        operation: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The device refused.
    #[error("{operation}: {cause}")]
    Device {
        /// Which operation.
        operation: &'static str,
        /// Why.
        cause: String,
    },
}

impl VectorError {
    /// Builds a [`VectorError::Mismatch`].
    pub fn mismatch(operation: &'static str, expected: impl ToString, found: impl ToString) -> Self {
        VectorError::Mismatch { operation, expected: expected.to_string(), found: found.to_string() }
    }
}

/// k vectors of length n, owned by the space that made them.
pub struct Block {
    storage: Box<dyn Any + Send + Sync>,
    rows: usize,
    columns: usize,
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} × {})", self.rows, self.columns)
    }
}

impl Block {
    /// Wraps a space's own storage. Only spaces call this.
    pub fn new(storage: Box<dyn Any + Send + Sync>, rows: usize, columns: usize) -> Self {
        Block { storage, rows, columns }
    }
    /// n.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// k.
    pub fn columns(&self) -> usize {
        self.columns
    }
    /// The storage, for the space that made it.
    pub fn storage<T: 'static>(&self) -> Option<&T> {
        self.storage.downcast_ref()
    }
    /// The storage, for the space that made it.
    pub fn storage_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.storage.downcast_mut()
    }
    /// The storage, for the space that made it, after checking that there are these columns. `own` names a block of that
    /// space in an error.
    ///
    /// # Errors
    /// [`VectorError::Mismatch`] where there are not, and where another space made the block.
    pub fn checked<T: 'static>(
        &self,
        columns: &Range<usize>,
        operation: &'static str,
        own: &str,
    ) -> Result<&T, VectorError> {
        if columns.end > self.columns || columns.start > columns.end {
            let expected = format!("columns within 0..{}", self.columns);
            return Err(VectorError::mismatch(operation, expected, format!("{columns:?}")));
        }
        self.storage().ok_or_else(|| VectorError::mismatch(operation, own, "another"))
    }
    /// All columns.
    pub fn all(&self) -> View<'_> {
        View { block: self, columns: 0..self.columns }
    }
    /// All columns, to write.
    pub fn all_mut(&mut self) -> ViewMut<'_> {
        let columns = 0..self.columns;
        ViewMut { block: self, columns }
    }
    /// Some columns.
    pub fn view(&self, columns: Range<usize>) -> View<'_> {
        View { block: self, columns }
    }
    /// Some columns, to write.
    pub fn view_mut(&mut self, columns: Range<usize>) -> ViewMut<'_> {
        ViewMut { block: self, columns }
    }
}

/// Some columns of a block.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The block.
    pub block: &'a Block,
    /// Which columns.
    pub columns: Range<usize>,
}

/// Some columns of a block, to write.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// The block.
    pub block: &'a mut Block,
    /// Which columns.
    pub columns: Range<usize>,
}

impl View<'_> {
    /// The number of columns.
    pub fn len(&self) -> usize {
        self.columns.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

impl ViewMut<'_> {
    /// The same columns, for a shorter while.
    pub fn again(&mut self) -> ViewMut<'_> {
        ViewMut { block: self.block, columns: self.columns.clone() }
    }
    /// The same columns, to read.
    pub fn view(&self) -> View<'_> {
        View { block: self.block, columns: self.columns.clone() }
    }
    /// The number of columns.
    pub fn len(&self) -> usize {
        self.columns.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// Arithmetic on blocks of vectors of one length. Small matrices are column-major `f64` slices.
pub trait VectorSpace: Send + Sync {
    /// n, the length of every vector.
    fn dimension(&self) -> usize;

    /// The stored type.
    fn precision(&self) -> Precision;

    /// k zero vectors.
    ///
    /// # Errors
    /// Where memory is short.
    fn zeros(&self, columns: usize) -> Result<Block, VectorError>;

    /// Sets one column.
    ///
    /// # Errors
    /// Where the length or column is wrong.
    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError>;

    /// Reads one column.
    ///
    /// # Errors
    /// Where the column is wrong.
    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError>;

    /// `XᵀY`, k × m column-major, accumulated in f64.
    ///
    /// # Errors
    /// Where columns are out of range.
    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError>;

    /// `Y ← β Y + X C` with `C` k × m column-major. Y and X are different blocks by the borrow rules.
    ///
    /// # Errors
    /// Where sizes do not fit.
    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError>;

    /// Copies columns to columns of another block.
    ///
    /// # Errors
    /// Where sizes do not fit.
    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError>;

    /// Multiplies each column by its factor.
    ///
    /// # Errors
    /// Where columns are out of range or the number of factors differs.
    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError>;
}

/// Euclidean norms of columns.
///
/// # Errors
/// As [`VectorSpace::gram`].
pub fn norms(space: &dyn VectorSpace, x: View<'_>) -> Result<Vec<f64>, VectorError> {
    x.columns
        .clone()
        .map(|c| Ok(space.gram(x.block.view(c..c + 1), x.block.view(c..c + 1))?.first().copied().unwrap_or(0.0).sqrt()))
        .collect()
}
