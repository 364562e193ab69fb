//! A chunk by Lanczos on exact products.

use super::chunk::{Chunk, SampleResult};
use super::options::InputOptions;
use hesse_core::attack::{AttackLoss, InputOracle, OracleError};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{LanczosRequest, extremes};

/// Rows of a chunk that belong to these samples.
pub(super) fn rows(matrix: &[f64], which: &[usize], width: usize) -> Vec<f64> {
    which.iter().flat_map(|&i| matrix.get(i * width..(i + 1) * width).unwrap_or_default()).copied().collect()
}

/// Fills in eigenvalues of both ends, residuals and rank; false where it was stopped, and then nothing.
pub(super) fn fill(
    oracle: &dyn InputOracle,
    chunk: &Chunk,
    options: &InputOptions,
    (noise, seed): (f64, u64),
    results: &mut [SampleResult],
    observe: &mut dyn FnMut(usize) -> Control,
) -> Result<bool, OracleError> {
    let d: usize = oracle.shape().iter().product();
    let request = LanczosRequest {
        largest: options.largest.max(1),
        // The sign of the smallest is the question that this method is for.
        smallest: options.smallest.max(1),
        tolerance: options.tolerance,
        max_products: options.max_products,
        noise,
        seed,
    };
    let mut product = |which: &[usize], v: &[f64]| {
        let samples = rows(&chunk.samples, which, d);
        let labels: Vec<u32> = which.iter().filter_map(|&i| chunk.labels.get(i)).copied().collect();
        oracle.hessian_product(&samples, &labels, AttackLoss::CrossEntropy, v)
    };
    let Some(found) = extremes(&mut product, &chunk.indices, d, &request, observe)? else { return Ok(false) };
    for (result, spectrum) in results.iter_mut().zip(found) {
        result.eigenvalues = spectrum.largest.iter().map(|p| p.value).collect();
        result.residuals = spectrum.largest.iter().map(|p| p.residual).collect();
        result.smallest = spectrum.smallest.iter().map(|p| p.value).collect();
        result.smallest_residuals = spectrum.smallest.iter().map(|p| p.residual).collect();
        result.rank = spectrum.rank_above(noise);
        result.rank_complete = spectrum.complete;
        result.products += spectrum.products;
        let pairs = || spectrum.largest.iter().chain(&spectrum.smallest);
        result.converged = !spectrum.largest.is_empty() && pairs().all(|p| p.converged);
    }
    Ok(true)
}
