//! An input oracle of another library, borrowed for one run.

use super::space::{needed, read_table};
use crate::attack::{AttackLoss, InputOracle, LossGradient, OracleError};
use crate::operator::OperatorError;
use crate::plugin::codes::loss_code;
use crate::plugin::export::numbers;
use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{INTERRUPTED, OracleTable};

/// An input oracle of another library.
pub(crate) struct ForeignOracle {
    table: OracleTable,
    shape: Vec<usize>,
}

// SAFETY: the oracle behind the table is `Send + Sync`; in C, the table's contract asks the same.
unsafe impl Send for ForeignOracle {}
// SAFETY: as above.
unsafe impl Sync for ForeignOracle {}

impl ForeignOracle {
    /// Reads the table.
    ///
    /// # Safety
    /// The table is as its maker filled it and outlives the oracle.
    pub unsafe fn new(table: *const OracleTable) -> Result<Self, Foreign> {
        // SAFETY: the caller vouches for the table, and the table for its shape.
        let (table, shape) = unsafe {
            let table = read_table("oracle", table, size_of::<OracleTable>())?;
            (table, numbers(table.shape, table.rank)?.to_vec())
        };
        if shape.iter().product::<usize>() != table.sample_len {
            return Err(Foreign::failed(format!("samples of {} entries in a shape {shape:?}", table.sample_len)));
        }
        Ok(ForeignOracle { table, shape })
    }

    /// How many samples so many entries are.
    fn count(&self, entries: usize) -> Result<usize, OracleError> {
        let each = self.table.sample_len;
        match entries.checked_div(each) {
            Some(n) if n * each == entries => Ok(n),
            _ => Err(OracleError::Size {
                what: "samples",
                expected: entries.div_ceil(each.max(1)) * each,
                found: entries,
            }),
        }
    }
}

fn oracle_error(error: Foreign) -> OracleError {
    match error.status {
        INTERRUPTED => OracleError::Operator(OperatorError::Interrupted),
        _ => OracleError::Foreign(error.to_string()),
    }
}

impl InputOracle for ForeignOracle {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn classes(&self) -> usize {
        self.table.classes
    }

    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        let t = &self.table;
        let n = self.count(samples.len())?;
        let mut out = vec![0.0; n * t.classes];
        let ask = needed("logits", t.logits).map_err(oracle_error)?;
        // SAFETY: the table outlives the oracle; sizes are as its contract says, here and below.
        call(|error| unsafe { ask(t.context, n, samples.as_ptr(), out.as_mut_ptr(), error) }).map_err(oracle_error)?;
        Ok(out)
    }

    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        let t = &self.table;
        let n = self.count(samples.len())?;
        OracleError::check_size("labels", n, labels.len())?;
        let mut out = LossGradient { losses: vec![0.0; n], gradient: vec![0.0; samples.len()] };
        let ask = needed("loss_gradient", t.loss_gradient).map_err(oracle_error)?;
        let (losses, gradient) = (out.losses.as_mut_ptr(), out.gradient.as_mut_ptr());
        let loss = loss_code(loss);
        // SAFETY: see `logits`.
        call(|error| unsafe { ask(t.context, n, samples.as_ptr(), labels.as_ptr(), loss, losses, gradient, error) })
            .map_err(oracle_error)?;
        Ok(out)
    }

    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        let t = &self.table;
        let n = self.count(samples.len())?;
        OracleError::check_size("labels", n, labels.len())?;
        OracleError::check_size("direction", samples.len(), v.len())?;
        let mut out = vec![0.0; samples.len()];
        let ask = needed("hessian_product", t.hessian_product).map_err(oracle_error)?;
        let loss = loss_code(loss);
        // SAFETY: see `logits`.
        call(|error| unsafe {
            ask(t.context, n, samples.as_ptr(), labels.as_ptr(), loss, v.as_ptr(), out.as_mut_ptr(), error)
        })
        .map_err(oracle_error)?;
        Ok(out)
    }

    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        let t = &self.table;
        let n = self.count(samples.len())?;
        OracleError::check_size("direction", samples.len(), v.len())?;
        let mut out = vec![0.0; n * t.classes];
        let ask = needed("jacobian_product", t.jacobian_product).map_err(oracle_error)?;
        // SAFETY: see `logits`.
        call(|error| unsafe { ask(t.context, n, samples.as_ptr(), v.as_ptr(), out.as_mut_ptr(), error) })
            .map_err(oracle_error)?;
        Ok(out)
    }

    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        let t = &self.table;
        let n = self.count(samples.len())?;
        OracleError::check_size("cotangent", n * t.classes, u.len())?;
        let mut out = vec![0.0; samples.len()];
        let ask = needed("transposed_jacobian_product", t.transposed_jacobian_product).map_err(oracle_error)?;
        // SAFETY: see `logits`.
        call(|error| unsafe { ask(t.context, n, samples.as_ptr(), u.as_ptr(), out.as_mut_ptr(), error) })
            .map_err(oracle_error)?;
        Ok(out)
    }
}
