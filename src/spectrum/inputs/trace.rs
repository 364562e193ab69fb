//! The trace of every sample's Hessian, by Hutchinson's estimator.
//!
//! Source: Hutchinson, *A stochastic estimator of the trace of the influence matrix*, 1990.

use super::chunk::{Chunk, SampleResult};
use hesse_core::attack::{AttackLoss, InputOracle, OracleError};
use hesse_core::input_hessian::dot;
use hesse_core::random::{Purpose, Stream};

/// Fills in mean and standard error over `probes` vectors of random signs; each costs a product. One probe has no
/// standard error.
pub(super) fn fill(
    oracle: &dyn InputOracle,
    chunk: &Chunk,
    probes: usize,
    seed: u64,
    results: &mut [SampleResult],
    mut stop: impl FnMut() -> bool,
) -> Result<bool, OracleError> {
    let d: usize = oracle.shape().iter().product();
    let mut streams: Vec<Stream> = chunk.indices.iter().map(|&i| Stream::new(seed, Purpose::Probe, i as u64)).collect();
    let mut draws = vec![Vec::with_capacity(probes); results.len()];
    for _ in 0..probes {
        if stop() {
            return Ok(false);
        }
        let sign = |s: &mut Stream| if s.bits() & 1 == 0 { 1.0 } else { -1.0 };
        let v: Vec<f64> = streams.iter_mut().flat_map(|s| (0..d).map(|_| sign(s)).collect::<Vec<f64>>()).collect();
        let products = oracle.hessian_product(&chunk.samples, &chunk.labels, AttackLoss::CrossEntropy, &v)?;
        let pairs = products.chunks_exact(d.max(1)).zip(v.chunks_exact(d.max(1)));
        draws.iter_mut().zip(pairs).for_each(|(all, (h, v))| all.push(dot(h, v)));
    }
    for (result, draws) in results.iter_mut().zip(&draws) {
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        result.products += draws.len();
        result.trace = (n > 0.0).then_some(mean);
        let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        result.trace_standard_error = (n > 1.0).then(|| (variance / n).sqrt());
    }
    Ok(true)
}
