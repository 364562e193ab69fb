//! Linear operators on blocks of device vectors: first of all a loss's Hessian over a data set.
//!
//! The trait has two methods, and a product is always of a block. What sums over batches is in `dataset`; operators made
//! of others are in `combine`; the checks that run before a long computation are in `self_test`.

mod combine;
mod compiled;
mod dataset;
mod evaluate;
mod exact_diagonal;
mod gradient_curvature;
mod leading;
mod memory;
mod per_group;
mod self_test;
mod source;

pub use crate::program::Curvature;
pub use combine::{Deflated, Scaled, Shifted, Sum};
pub use compiled::CompiledProduct;
pub use dataset::{CacheReport, DatasetOperator};
pub use evaluate::{DeviceBatch, Evaluation, Evaluator, Weights, count_correct};
pub use exact_diagonal::{ExactDiagonal, exact_diagonal};
pub use gradient_curvature::{AlongGradient, GradientCurvature};
pub use leading::{Leading, LeadingRequest, leading};
pub use memory::halving;
pub(crate) use memory::notice;
pub use per_group::{GroupProducts, Slice, groups};
pub use self_test::{SelfTest, self_test};
pub use source::{Batch, DataSource, Picked, batches};

use crate::backend::BackendError;
use crate::error::GraphError;
use crate::vectors::{VectorError, VectorSpace, View, ViewMut};
use thiserror::Error;

/// A product that could not be formed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// The derivative could not be recorded.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The data could not be read.
    #[error("data: {0}")]
    Data(String),
    /// The loss has no weight (every label is ignored), so a mean does not exist.
    #[error("total weight of the loss: expected a positive number, found {0}")]
    NoWeight(f64),
    /// A sum became NaN or infinite.
    #[error("{what} is not finite: first at {place}")]
    NotFinite {
        /// The quantity.
        what: &'static str,
        /// Batch, and primitive where known.
        place: String,
    },
    /// Someone asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The operator of another library failed.
    #[error(transparent)]
    Foreign(crate::plugin::Foreign),
}

impl OperatorError {
    /// Whether the device had too little memory: fewer samples at once may do.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, OperatorError::Backend(BackendError::Memory { .. }))
    }
}

impl<T: LinearOperator + ?Sized> LinearOperator for &T {
    fn space(&self) -> &dyn VectorSpace {
        (**self).space()
    }
    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        (**self).apply(x, y)
    }
}

/// A linear map from vectors of length n to vectors of length n.
pub trait LinearOperator: Send + Sync {
    /// The space of its vectors.
    fn space(&self) -> &dyn VectorSpace;

    /// `Y ← A X`, column by column; as many columns in Y as in X.
    ///
    /// # Errors
    /// Where sizes do not fit or the product fails.
    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError>;

    /// n.
    fn dimension(&self) -> usize {
        self.space().dimension()
    }
}
