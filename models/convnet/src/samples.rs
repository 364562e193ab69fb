//! The check of the samples' shape, which comes before any layer, so that a wrong data set is named as such.

use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, GraphBuilder, ValueId};

/// Refuses samples of another shape than `[B, shape…]`.
///
/// # Errors
/// Naming the model, its shape and the one found.
pub fn expect(g: &GraphBuilder, model: &str, x: ValueId, shape: [usize; 3]) -> Result<(), GraphError> {
    let dims = g.shape(x).dims();
    if dims == [Dim::Batch(1), Dim::Fixed(shape[0]), Dim::Fixed(shape[1]), Dim::Fixed(shape[2])] {
        return Ok(());
    }
    let found: Vec<String> = dims.iter().skip(1).map(Dim::to_string).collect();
    Err(GraphError::mismatch(model, format!("samples {shape:?}"), format!("[{}]", found.join(", "))))
}
