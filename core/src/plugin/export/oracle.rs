//! An input oracle behind a table, lent for one run of an attack.

use super::space::{fill, numbers};
use crate::attack::{InputOracle, OracleError};
use crate::operator::OperatorError;
use crate::plugin::codes::loss_of;
use crate::plugin::guard::{FirstFailure, Foreign, guard};
use crate::plugin::raw::{Bytes, OracleTable, Status};
use std::ffi::c_void;

/// An oracle on loan.
pub(crate) struct ExportedOracle<'a> {
    oracle: &'a dyn InputOracle,
    failure: FirstFailure<OracleError>,
}

impl<'a> ExportedOracle<'a> {
    pub fn new(oracle: &'a dyn InputOracle) -> Self {
        ExportedOracle { oracle, failure: FirstFailure::new() }
    }

    /// The table; valid while `self` lives and stays where it is.
    pub fn table(&self) -> OracleTable {
        let shape = self.oracle.shape();
        OracleTable {
            size: size_of::<OracleTable>(),
            context: std::ptr::from_ref(self).cast(),
            shape: shape.as_ptr(),
            rank: shape.len(),
            sample_len: shape.iter().product(),
            classes: self.oracle.classes(),
            logits: Some(logits),
            loss_gradient: Some(loss_gradient),
            hessian_product: Some(hessian_product),
            jacobian_product: Some(jacobian_product),
            transposed_jacobian_product: Some(transposed_jacobian_product),
        }
    }

    /// What went wrong in the oracle itself.
    pub fn failure(&self) -> Option<OracleError> {
        self.failure.take()
    }

    fn keep<T>(&self, answer: Result<T, OracleError>) -> Result<T, Foreign> {
        self.failure.keep(answer, |error| matches!(error, OracleError::Operator(OperatorError::Interrupted)))
    }

    /// Entries of n samples and of their logits.
    fn sizes(&self, n: usize) -> Result<(usize, usize), Foreign> {
        let each = self.oracle.shape().iter().product::<usize>();
        let sizes = n.checked_mul(each).zip(n.checked_mul(self.oracle.classes()));
        sizes.ok_or_else(|| Foreign::failed(format!("expected fewer samples, found {n}")))
    }
}

/// The oracle of a call.
///
/// # Safety
/// The context is valid during the call that brought the table.
unsafe fn lent<'a>(context: *const c_void) -> &'a ExportedOracle<'a> {
    // SAFETY: the caller vouches for it.
    unsafe { &*context.cast::<ExportedOracle<'a>>() }
}

unsafe extern "C" fn logits(
    context: *const c_void,
    n: usize,
    samples: *const f64,
    logits: *mut f64,
    error: *mut Bytes,
) -> Status {
    // SAFETY: the table's contract gives the sizes of all arguments, here and below.
    guard(error, || unsafe {
        let lent = lent(context);
        let (entries, outputs) = lent.sizes(n)?;
        let answer = lent.keep(lent.oracle.logits(numbers(samples, entries)?))?;
        fill("logits", &answer, logits, outputs)
    })
}

unsafe extern "C" fn loss_gradient(
    context: *const c_void,
    n: usize,
    samples: *const f64,
    labels: *const u32,
    loss: u32,
    losses: *mut f64,
    gradient: *mut f64,
    error: *mut Bytes,
) -> Status {
    // SAFETY: see `logits`.
    guard(error, || unsafe {
        let lent = lent(context);
        let (entries, _) = lent.sizes(n)?;
        let (samples, labels) = (numbers(samples, entries)?, numbers(labels, n)?);
        let answer = lent.keep(lent.oracle.loss_gradient(samples, labels, loss_of(loss)?))?;
        fill("losses", &answer.losses, losses, n)?;
        fill("gradient", &answer.gradient, gradient, entries)
    })
}

unsafe extern "C" fn hessian_product(
    context: *const c_void,
    n: usize,
    samples: *const f64,
    labels: *const u32,
    loss: u32,
    v: *const f64,
    out: *mut f64,
    error: *mut Bytes,
) -> Status {
    // SAFETY: see `logits`.
    guard(error, || unsafe {
        let lent = lent(context);
        let (entries, _) = lent.sizes(n)?;
        let (samples, labels, v) = (numbers(samples, entries)?, numbers(labels, n)?, numbers(v, entries)?);
        let answer = lent.keep(lent.oracle.hessian_product(samples, labels, loss_of(loss)?, v))?;
        fill("product", &answer, out, entries)
    })
}

unsafe extern "C" fn jacobian_product(
    context: *const c_void,
    n: usize,
    samples: *const f64,
    v: *const f64,
    out: *mut f64,
    error: *mut Bytes,
) -> Status {
    // SAFETY: see `logits`.
    guard(error, || unsafe {
        let lent = lent(context);
        let (entries, outputs) = lent.sizes(n)?;
        let answer = lent.keep(lent.oracle.jacobian_product(numbers(samples, entries)?, numbers(v, entries)?))?;
        fill("product", &answer, out, outputs)
    })
}

unsafe extern "C" fn transposed_jacobian_product(
    context: *const c_void,
    n: usize,
    samples: *const f64,
    u: *const f64,
    out: *mut f64,
    error: *mut Bytes,
) -> Status {
    // SAFETY: see `logits`.
    guard(error, || unsafe {
        let lent = lent(context);
        let (entries, outputs) = lent.sizes(n)?;
        let (samples, u) = (numbers(samples, entries)?, numbers(u, outputs)?);
        let answer = lent.keep(lent.oracle.transposed_jacobian_product(samples, u))?;
        fill("product", &answer, out, entries)
    })
}
