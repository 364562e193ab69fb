//! Operators made of others: sums, multiples, shifts, and what is left outside known directions.
//!
//! They borrow, so that one Hessian with its kept intermediate results serves many combinations at once.

mod deflated;
mod scaled;
mod shifted;
mod sum;
#[cfg(test)]
mod tests;

pub use deflated::Deflated;
pub use scaled::Scaled;
pub use shifted::Shifted;
pub use sum::Sum;

use crate::vectors::{Block, VectorError, VectorSpace};
use std::sync::{Mutex, PoisonError};

/// Working columns that are made once and used again.
#[derive(Default)]
struct Scratch(Mutex<Option<Block>>);

impl Scratch {
    /// At least so many columns; give them back with [`put`](Self::put).
    fn take(&self, space: &dyn VectorSpace, columns: usize) -> Result<Block, VectorError> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match held {
            Some(block) if block.columns() >= columns => Ok(block),
            _ => space.zeros(columns),
        }
    }

    fn put(&self, block: Block) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(block);
    }
}
