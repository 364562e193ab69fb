//! How far a share of samples may lie from that of the population.

/// The 95 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of a binomial share: `count` of `of` samples. Unlike p ± 1.96 s.e., it stays within [0, 1] and is
/// not empty where all samples agree. The whole range where there is no sample.
///
/// Source: Brown, Cai and DasGupta, *Interval Estimation for a Binomial Proportion*, Statistical Science 16 (2001).
pub fn interval(count: usize, of: usize) -> [f64; 2] {
    if of == 0 {
        return [0.0, 1.0];
    }
    let n = of as f64;
    let p = count as f64 / n;
    let shrink = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / shrink;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / shrink;
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_published_one_and_never_empty() {
        // Wilson's interval of 10 of 20, by hand: 0.5 ± 0.2007.
        let [low, high] = interval(10, 20);
        assert!((low - 0.2993).abs() < 1e-4 && (high - 0.7007).abs() < 1e-4, "{low} {high}");
        let [low, high] = interval(20, 20);
        assert!((low - 0.8389).abs() < 1e-4 && high == 1.0, "{low} {high}");
        assert_eq!(interval(0, 20)[0], 0.0);
        assert_eq!(interval(0, 0), [0.0, 1.0]);
    }
}
