//! Means over mini-batches, with the standard error over batches.

use hesse_core::random::{Purpose, Stream};

/// One figure for each mini-batch.
#[derive(Debug, Clone, PartialEq)]
pub struct OverBatches {
    /// Samples of each.
    pub batch_size: usize,
    /// The figures; NaN where a batch has none.
    pub values: Vec<f64>,
}

/// Samples of `count` random mini-batches: each pass over the samples is a permutation that is cut up, so batches
/// overlap only where there are more of them than fit.
pub(crate) fn draw(samples: usize, size: usize, count: usize, seed: u64) -> Vec<Vec<usize>> {
    let per_pass = (samples / size.max(1)).max(1);
    let mut batches = Vec::with_capacity(count);
    for pass in 0..count.div_ceil(per_pass) {
        let order = Stream::new(seed, Purpose::MiniBatch, pass as u64).permutation(samples);
        batches.extend(order.chunks_exact(size.max(1)).map(<[usize]>::to_vec).take(count - batches.len()));
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn the_batches_of_a_pass_do_not_overlap_and_every_one_is_full() {
        let batches = draw(20, 6, 7, 1);
        assert!(batches.len() == 7 && batches.iter().all(|b| b.len() == 6));
        let mut first: Vec<usize> = batches[..3].concat();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 18);
        assert_ne!(batches[0], batches[3]);
        assert_eq!(batches, draw(20, 6, 7, 1));
        assert_eq!(draw(5, 5, 2, 0).len(), 2);
    }
}
