//! Cells that differ in the seed alone, together: means and spreads.

use super::cell::{CellReport, Variant};
use super::quantity::Quantity;
use serde::Serialize;
use std::collections::BTreeMap;

/// A quantity over the seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Statistic {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation over the seeds; absent for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
}

impl Statistic {
    /// Of these values; none of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Statistic { mean, spread: (values.len() > 1).then(|| variance.sqrt()) })
    }

    /// Mean ± spread.
    pub fn band(self) -> [f64; 2] {
        let spread = self.spread.unwrap_or(0.0);
        [self.mean - spread, self.mean + spread]
    }
}

/// One batch size of one variant, over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The batch size.
    pub batch_size: usize,
    /// Plain or robust.
    pub variant: Variant,
    /// The learning rate.
    pub rate: f64,
    /// How many seeds.
    pub seeds: usize,
    /// Every quantity by its name; one that was not measured is absent.
    pub values: BTreeMap<String, Statistic>,
}

impl Group {
    /// A quantity's mean; NaN where it was not measured.
    pub fn mean(&self, name: &str) -> f64 {
        self.values.get(name).map_or(f64::NAN, |s| s.mean)
    }
}

/// All groups: plain ones first, by rising batch size.
pub(super) fn groups(cells: &[CellReport], quantities: &[Quantity]) -> Vec<Group> {
    let mut keys: Vec<(Variant, usize)> = cells.iter().map(|c| (c.variant, c.batch_size)).collect();
    keys.sort_unstable();
    keys.dedup();
    let group = |(variant, batch_size): (Variant, usize)| {
        let of: Vec<&CellReport> =
            cells.iter().filter(|c| c.variant == variant && c.batch_size == batch_size).collect();
        let value = |q: &Quantity| {
            let values: Option<Vec<f64>> = of.iter().map(|c| (q.value)(c)).collect();
            Some((q.name.clone(), Statistic::of(&values?)?))
        };
        Group {
            batch_size,
            variant,
            rate: of.first().map_or(f64::NAN, |c| c.rate),
            seeds: of.len(),
            values: quantities.iter().filter_map(value).collect(),
        }
    };
    keys.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_deviation_over_the_seeds_and_absent_for_one() {
        let two = Statistic::of(&[1.0, 3.0]).unwrap();
        assert_eq!((two.mean, two.spread), (2.0, Some(2f64.sqrt())));
        assert_eq!(Statistic::of(&[4.0]), Some(Statistic { mean: 4.0, spread: None }));
        assert_eq!(Statistic::of(&[]), None);
    }
}
