//! A linear operator behind a table, lent for one run of a solver.

use super::space::{SharedSpace, view, view_mut};
use crate::operator::{LinearOperator, OperatorError};
use crate::plugin::guard::{FirstFailure, Foreign, guard};
use crate::plugin::raw::{Bytes, Columns, OperatorTable, SpaceTable, Status};
use crate::vectors::{Block, VectorError, View};
use std::ffi::c_void;
use std::sync::Arc;

/// An operator and its space on loan. Dropping it ends the loan.
pub(crate) struct ExportedOperator<'a> {
    operator: &'a dyn LinearOperator,
    space: Arc<SharedSpace>,
    failure: FirstFailure<OperatorError>,
    space_table: SpaceTable,
}

impl<'a> ExportedOperator<'a> {
    pub fn new(operator: &'a dyn LinearOperator) -> Self {
        // SAFETY: `drop` closes the space, and the operator outlives `self`.
        let space = unsafe { SharedSpace::borrowed(operator.space()) };
        let space_table = space.table();
        ExportedOperator { operator, space, failure: FirstFailure::new(), space_table }
    }

    /// The table; valid while `self` lives and stays where it is.
    pub fn table(&self) -> OperatorTable {
        OperatorTable {
            size: size_of::<OperatorTable>(),
            context: std::ptr::from_ref(self).cast(),
            space: &raw const self.space_table,
            apply: Some(apply),
        }
    }

    /// What went wrong in the operator itself.
    pub fn failure(&self) -> Option<OperatorError> {
        self.failure.take()
    }

    /// A block that the other side gives back.
    pub fn take(&self, block: u64) -> Result<Block, Foreign> {
        self.space.blocks.take(block)
    }

    /// A copy of these columns that passes to the other side.
    pub fn lend(&self, columns: View<'_>) -> Result<Columns, VectorError> {
        let space = self.operator.space();
        let mut block = space.zeros(columns.len())?;
        let count = columns.len();
        space.copy(columns, block.all_mut())?;
        Ok(Columns { block: self.space.blocks.put(block), start: 0, count })
    }

    fn apply(&self, x: Columns, y: Columns) -> Result<(), Foreign> {
        let (held_x, held_y) = (self.space.blocks.get(x.block)?, self.space.blocks.get(y.block)?);
        let block_x = held_x.read()?;
        let mut block_y = held_y.write()?;
        let (from, to) = (view(&block_x, x)?, view_mut(&mut block_y, y)?);
        self.failure.keep(self.operator.apply(from, to), |error| matches!(error, OperatorError::Interrupted))
    }
}

impl Drop for ExportedOperator<'_> {
    fn drop(&mut self) {
        self.space.close();
    }
}

unsafe extern "C" fn apply(context: *const c_void, x: Columns, y: Columns, error: *mut Bytes) -> Status {
    // SAFETY: the context is valid during the call that brought the table.
    guard(error, || unsafe { &*context.cast::<ExportedOperator<'_>>() }.apply(x, y))
}
