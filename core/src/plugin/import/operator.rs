//! A linear operator of another library, borrowed for one run.

use super::space::{ForeignSpace, needed, read_table};
use crate::operator::{LinearOperator, OperatorError};
use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{Bytes, Columns, INTERRUPTED, OperatorTable, SpaceTable, Status};
use crate::vectors::{VectorError, VectorSpace, View, ViewMut};
use std::ffi::c_void;

/// A linear operator of another library.
pub(crate) struct ForeignOperator {
    context: *const c_void,
    apply: unsafe extern "C" fn(*const c_void, Columns, Columns, *mut Bytes) -> Status,
    space: ForeignSpace,
}

// SAFETY: the operator behind the table is `Send + Sync`; in C, the table's contract asks the same.
unsafe impl Send for ForeignOperator {}
// SAFETY: as above.
unsafe impl Sync for ForeignOperator {}

impl ForeignOperator {
    /// Reads the table.
    ///
    /// # Safety
    /// The table is as its maker filled it and outlives the operator.
    pub unsafe fn new(table: *const OperatorTable) -> Result<Self, Foreign> {
        // SAFETY: the caller vouches for the table, and the table for its space.
        unsafe {
            let table = read_table("operator", table, size_of::<OperatorTable>())?;
            let space = read_table("vector space", table.space, size_of::<SpaceTable>())?;
            Ok(ForeignOperator {
                context: table.context,
                apply: needed("apply", table.apply)?,
                space: ForeignSpace::retain(&space)?,
            })
        }
    }

    /// Its space, as another library's.
    pub fn foreign_space(&self) -> &ForeignSpace {
        &self.space
    }
}

impl LinearOperator for ForeignOperator {
    fn space(&self) -> &dyn VectorSpace {
        &self.space
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        if x.len() != y.len() {
            return Err(VectorError::mismatch("apply", x.len(), y.len()).into());
        }
        let to = self.space.columns("apply", &y.block.view(y.columns.clone()))?;
        let from = self.space.columns("apply", &x)?;
        // SAFETY: the table outlives the operator.
        call(|error| unsafe { (self.apply)(self.context, from, to, error) }).map_err(|error| match error.status {
            INTERRUPTED => OperatorError::Interrupted,
            _ => OperatorError::Foreign(error),
        })
    }
}
