//! What a kernel refuses, with the numbers that say why.
//!
//! Kernels check lengths once, before any work, so that everything after the check may rely on them; a check per entry
//! is made only for indices, which are data. Panics were decided against: shapes come from a user's model.

/// Why a kernel did not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A slice is not as long as the shape says.
    #[error("{kernel}: {operand} has {found} entries, expected {expected}")]
    Length {
        /// The kernel.
        kernel: &'static str,
        /// The operand.
        operand: &'static str,
        /// Entries according to the shape.
        expected: usize,
        /// Entries found.
        found: usize,
    },
    /// The attributes do not fit together.
    #[error("{kernel}: {reason}")]
    Shape {
        /// The kernel.
        kernel: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// An index or a label is outside its range.
    #[error("{kernel}: index {index} at position {position} is not below {bound}")]
    Index {
        /// The kernel.
        kernel: &'static str,
        /// The index.
        index: u32,
        /// Where it stands.
        position: usize,
        /// The first index that is too large.
        bound: usize,
    },
}

/// The result of a kernel.
pub type Result<T = (), E = KernelError> = std::result::Result<T, E>;

/// Checks the length of one operand.
pub(super) fn expect_len(kernel: &'static str, operand: &'static str, found: usize, expected: usize) -> Result {
    if found == expected { Ok(()) } else { Err(KernelError::Length { kernel, operand, expected, found }) }
}

/// Checks that every index is below `bound`.
pub(super) fn expect_indices(kernel: &'static str, indices: &[u32], bound: usize) -> Result {
    // The maximum vectorises; the search for the culprit runs only when there is one.
    let largest = indices.iter().copied().max().unwrap_or(0);
    if indices.is_empty() || (largest as usize) < bound {
        return Ok(());
    }
    let position = indices.iter().position(|&i| i as usize >= bound).unwrap_or(0);
    Err(KernelError::Index { kernel, index: indices[position], position, bound })
}

/// A product of sizes, refused where it does not fit.
pub(super) fn product(kernel: &'static str, sizes: &[usize]) -> Result<usize> {
    sizes.iter().try_fold(1usize, |a, &b| a.checked_mul(b)).ok_or_else(|| KernelError::Shape {
        kernel,
        reason: format!("a tensor of sizes {sizes:?} does not fit into memory"),
    })
}
