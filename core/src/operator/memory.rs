//! Out of device memory: fewer samples at once, and on.
//!
//! A sum over samples does not depend on how they are cut into batches, beyond rounding, so a batch that does not fit is
//! cut into halves until it does. The pass begins again: a program that fails has perhaps added some of its results
//! already. Where batch norm in train mode couples the samples of a batch, halves would be another function, and the
//! error stays what it is.

use super::OperatorError;
use crate::plugin::log;

/// Tells whoever watches that batches are smaller from here on.
pub(crate) fn notice(from: usize, to: usize, error: &OperatorError) {
    log(2, &format!("batches of {from} samples are cut to {to}: {error}"));
}

/// Runs a pass with `batch` samples at once; where memory is short and samples are not `coupled`, again with half as
/// many, which stay in `batch`.
///
/// # Errors
/// As the pass; shortness of memory only where a single sample is too much.
pub fn halving<T, E: From<OperatorError>>(
    batch: &mut usize,
    coupled: bool,
    short: impl Fn(&E) -> Option<&OperatorError>,
    mut pass: impl FnMut(usize) -> Result<T, E>,
) -> Result<T, E> {
    loop {
        let result = pass(*batch);
        match result.as_ref().err().and_then(&short) {
            Some(error) if error.is_out_of_memory() && *batch > 1 && !coupled => {
                let half = batch.div_ceil(2);
                notice(*batch, half, error);
                *batch = half;
            }
            _ => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::BackendError;

    fn short() -> OperatorError {
        BackendError::Memory { device: "d".into(), bytes: 7 }.into()
    }

    fn tried(mut batch: usize, coupled: bool, fits: usize) -> (Vec<usize>, bool) {
        let mut tried = Vec::new();
        let result = halving(
            &mut batch,
            coupled,
            |e: &OperatorError| Some(e),
            |n| {
                tried.push(n);
                if n <= fits { Ok(()) } else { Err(short()) }
            },
        );
        (tried, result.is_ok())
    }

    #[test]
    fn batches_are_halved_until_they_fit_and_coupled_ones_are_not() {
        assert_eq!(tried(100, false, 30), (vec![100, 50, 25], true));
        assert_eq!(tried(3, false, 0), (vec![3, 2, 1], false));
        assert_eq!(tried(100, true, 30), (vec![100], false));
        let other = || -> Result<(), OperatorError> { Err(OperatorError::Interrupted) };
        assert!(halving(&mut 8, false, |e: &OperatorError| Some(e), |_| other()).is_err());
    }
}
