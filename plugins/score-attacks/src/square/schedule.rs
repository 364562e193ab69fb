//! The share of the picture that a change covers: halved at iterations 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000
//! of 10,000, scaled to the number of queries.

const HALVED_AFTER: [usize; 9] = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/// The share at iteration `i` (from zero) of `n`.
pub(super) fn share(first: f64, i: usize, n: usize) -> f64 {
    let scaled = (i as f64 / n.max(1) as f64 * 10_000.0) as usize;
    let halvings = HALVED_AFTER.iter().filter(|after| scaled > **after).count();
    first / f64::from(1u32 << halvings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_halved_nine_times_at_the_published_iterations() {
        let at = |i: usize| share(0.8, i, 10_000);
        assert_eq!((at(0), at(10), at(11), at(50), at(51)), (0.8, 0.8, 0.4, 0.4, 0.2));
        assert_eq!((at(8000), at(8001), at(9999)), (0.8 / 256.0, 0.8 / 512.0, 0.8 / 512.0));
        assert_eq!((share(0.8, 5, 5000), share(0.8, 6, 5000)), (0.8, 0.4));
    }
}
