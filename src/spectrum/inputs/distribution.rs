//! A quantity over a set of samples.

use serde::{Deserialize, Serialize};

/// Mean with its standard error, and quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Values that went into it.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Of the mean, as an estimate of that over more samples of the kind; absent for a single one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub standard_error: Option<f64>,
    /// The smallest.
    pub min: f64,
    /// 5 % are below.
    pub q05: f64,
    /// A quarter is below.
    pub q25: f64,
    /// Half are below.
    pub median: f64,
    /// Three quarters are below.
    pub q75: f64,
    /// 95 % are below.
    pub q95: f64,
    /// The largest.
    pub max: f64,
}

impl Distribution {
    /// Of these values; those that are not finite are left out. None where nothing is left. Quantiles between values are
    /// interpolated, as numpy does.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (n, last) = (sorted.len() as f64, sorted.len().checked_sub(1)?);
        let at = |share: f64| {
            let place = share * last as f64;
            let (below, part) = (place.floor() as usize, place.fract());
            let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
            a + part * (b - a)
        };
        let mean = sorted.iter().sum::<f64>() / n;
        let variance = sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Distribution {
            count: sorted.len(),
            mean,
            standard_error: (sorted.len() > 1).then(|| (variance / n).sqrt()),
            min: at(0.0),
            q05: at(0.05),
            q25: at(0.25),
            median: at(0.5),
            q75: at(0.75),
            q95: at(0.95),
            max: at(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated_and_the_error_is_that_of_the_mean() {
        let d = Distribution::of([4.0, 1.0, f64::NAN, 2.0, 3.0]).unwrap();
        assert_eq!((d.count, d.mean, d.min, d.median, d.max), (4, 2.5, 1.0, 2.5, 4.0));
        assert!((d.q25 - 1.75).abs() < 1e-15 && (d.q05 - 1.15).abs() < 1e-15);
        // Standard deviation √(5/3), over √4.
        assert!((d.standard_error.unwrap() - (5.0f64 / 3.0).sqrt() / 2.0).abs() < 1e-15);
        assert_eq!(Distribution::of([f64::INFINITY]), None);
        assert_eq!(Distribution::of([7.0]).unwrap().standard_error, None);
    }
}
