//! How far a number would move with other samples of the same population: jackknife and bootstrap over groups.
//!
//! A curvature of a data set is a ratio of sums over groups of samples, Σ S_g / Σ w_g, at least to first order: with the
//! eigenvector v held fixed, λ moves by vᵀ(δH)v, and S_g = vᵀH_g v. The groups are taken as independent draws; where the
//! order of a file is not random, they are not, and no resampling can know it.

use crate::random::{Purpose, Stream};

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// Leave each group out in turn; for groups of unequal weight after Busing, Meijer and van der Leeden, *Delete-m
    /// jackknife for unequal m*, Statistics and Computing 9 (1999) 3–8.
    Jackknife,
    /// Draw as many groups with replacement, so many times (Efron 1979).
    Bootstrap {
        /// How often.
        replicates: usize,
        /// Seed of the draws.
        seed: u64,
    },
}

/// One group's part of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// The sum over the group.
    pub sum: f64,
    /// The group's weight.
    pub weight: f64,
}

/// The ratio of sums; NaN where there is no weight.
pub fn ratio(groups: &[Contribution]) -> f64 {
    let (sum, weight) = groups.iter().fold((0.0, 0.0), |(s, w), g| (s + g.sum, w + g.weight));
    sum / weight
}

impl Resampling {
    /// The standard error of [`ratio`]; NaN for fewer than two groups with weight.
    pub fn standard_error(&self, groups: &[Contribution]) -> f64 {
        let groups: Vec<Contribution> = groups.iter().copied().filter(|g| g.weight > 0.0).collect();
        if groups.len() < 2 {
            return f64::NAN;
        }
        match *self {
            Resampling::Jackknife => jackknife(&groups),
            Resampling::Bootstrap { replicates, seed } => bootstrap(&groups, replicates, seed),
        }
    }
}

impl std::fmt::Display for Resampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Resampling::Jackknife => "jackknife",
            Resampling::Bootstrap { .. } => "bootstrap",
        })
    }
}

/// The pseudo-value of group g with h = W/w is h·θ − (h − 1)·θ₋g, which for a ratio of sums is the group's own mean; the
/// variance is the mean of (pseudo-value − θ)² / (h − 1).
fn jackknife(groups: &[Contribution]) -> f64 {
    let theta = ratio(groups);
    let total: f64 = groups.iter().map(|g| g.weight).sum();
    let sum: f64 = groups
        .iter()
        .map(|g| {
            let own = g.sum / g.weight;
            (own - theta) * (own - theta) * g.weight / (total - g.weight)
        })
        .sum();
    (sum / groups.len() as f64).sqrt()
}

fn bootstrap(groups: &[Contribution], replicates: usize, seed: u64) -> f64 {
    let count = groups.len();
    let values: Vec<f64> = (0..replicates.max(2))
        .map(|r| {
            let mut stream = Stream::new(seed, Purpose::Resampling, r as u64);
            let drawn = (0..count).filter_map(|_| groups.get(stream.below(count as u64) as usize).copied());
            ratio(&drawn.collect::<Vec<_>>())
        })
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(values: &[(f64, f64)]) -> Vec<Contribution> {
        values.iter().map(|&(sum, weight)| Contribution { sum, weight }).collect()
    }

    #[test]
    fn with_equal_weights_the_jackknife_is_the_standard_error_of_the_mean() {
        let of = [2.0, 5.0, 1.0, 4.0, 9.0];
        let equal = groups(&of.map(|v| (3.0 * v, 3.0)));
        let expected = super::super::statistics::mean(&of).standard_error;
        assert!((Resampling::Jackknife.standard_error(&equal) / expected - 1.0).abs() < 1e-14);
        assert!((ratio(&equal) - 4.2).abs() < 1e-14);
    }

    #[test]
    fn with_unequal_weights_it_is_the_definition_by_leaving_out() {
        let unequal = groups(&[(2.0, 1.0), (9.0, 4.0), (1.0, 2.0), (20.0, 5.0)]);
        let (theta, total) = (ratio(&unequal), 12.0);
        let mut variance = 0.0;
        for (i, g) in unequal.iter().enumerate() {
            let rest: Vec<Contribution> =
                unequal.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, g)| *g).collect();
            let h = total / g.weight;
            let pseudo = h * theta - (h - 1.0) * ratio(&rest);
            variance += (pseudo - theta).powi(2) / (h - 1.0) / 4.0;
        }
        assert!((Resampling::Jackknife.standard_error(&unequal) / variance.sqrt() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_bootstrap_agrees_with_the_jackknife_and_repeats_itself() {
        let many: Vec<Contribution> =
            (0..40).map(|i| Contribution { sum: 8.0 * (1.0 + (i as f64 * 0.7).sin()), weight: 8.0 }).collect();
        let boot = Resampling::Bootstrap { replicates: 4000, seed: 2 };
        let ratio = boot.standard_error(&many) / Resampling::Jackknife.standard_error(&many);
        assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
        assert_eq!(boot.standard_error(&many), boot.standard_error(&many));
        assert!(boot.standard_error(&many[..1]).is_nan());
    }
}
