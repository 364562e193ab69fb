//! What a failure of Candle means.

use hesse_core::backend::BackendError;
use hesse_core::device::cuda_error;

/// Where it happened.
#[derive(Clone, Copy)]
pub(super) struct Failure<'a> {
    pub program: &'a str,
    pub device: &'a str,
}

impl Failure<'_> {
    /// The error of an operation whose result has so many bytes.
    pub fn of(&self, operation: &str, bytes: usize, cause: candle_core::Error) -> BackendError {
        let text = words(&cause);
        match cuda_error("candle", self.device, self.program, &text) {
            // CUDA's driver does not say how much was wanted.
            Some(BackendError::Memory { device, bytes: told }) => {
                BackendError::Memory { device, bytes: if told == 0 { bytes } else { told } }
            }
            Some(error) => error,
            None => BackendError::Operation {
                program: self.program.to_string(),
                operation: operation.to_string(),
                cause: text,
            },
        }
    }
}

/// One line, without the backtrace that Candle may add.
pub(super) fn words(error: &candle_core::Error) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("Candle failed without a word").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortness_of_memory_is_told_apart_and_takes_the_size_of_the_result() {
        let at = Failure { program: "hessian product", device: "cuda:0" };
        let short = candle_core::Error::Msg("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")".into());
        assert!(matches!(at.of("matmul", 4096, short), BackendError::Memory { bytes: 4096, .. }));
        let other = candle_core::Error::Msg("shape mismatch\n   0: backtrace".into());
        let error = at.of("matmul", 4096, other).to_string();
        assert_eq!(error, "hessian product: matmul: shape mismatch");
        let lost = candle_core::Error::Msg("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"…\")".into());
        assert!(matches!(at.of("matmul", 1, lost), BackendError::Device { .. }));
    }
}
