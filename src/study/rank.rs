//! Spearman's rank correlation: does one quantity rise with another, whatever the shape of the curve?

/// The correlation of the ranks, from −1 to 1; ties share their mean rank. NaN for fewer than two pairs, or where one
/// side is constant or has a NaN.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() || x.iter().chain(y).any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let (x, y) = (ranks(x), ranks(y));
    let mean = (x.len() as f64 + 1.0) / 2.0;
    let covariance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    covariance(&x, &y) / (covariance(&x, &x) * covariance(&y, &y)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |v: &f64| {
        let below = values.iter().filter(|o| *o < v).count();
        let equal = values.iter().filter(|o| *o == v).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_rising_curve_has_correlation_one_and_any_falling_one_minus_one() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 11.0, 1e9]), 1.0);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 0.0, -7.0]), -1.0);
    }

    #[test]
    fn ties_share_their_rank() {
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
        assert!((spearman(&[1.0, 5.0, 5.0, 9.0], &[1.0, 2.0, 3.0, 4.0]) - (4.5f64 / 5.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn nothing_can_be_said_of_one_pair_or_a_constant() {
        assert!(spearman(&[1.0], &[2.0]).is_nan());
        assert!(spearman(&[1.0, 2.0], &[3.0, 3.0]).is_nan());
        assert!(spearman(&[1.0, 2.0], &[3.0, f64::NAN]).is_nan());
    }
}
