//! What becomes of each quantity as batches grow, and whether the paper says so too.

use super::cell::Variant;
use super::group::{Group, Statistic};
use super::quantity::{self, Expected, Quantity};
use super::{CellReport, LargeBatchOptions};
use crate::study::spearman;
use serde::Serialize;

/// A rank correlation of at least this much is a trend. Four sizes in order but for two neighbours have 0.8.
pub(super) const CLEAR: f64 = 0.8;

/// Spearman's rank correlation of a quantity's mean over the seeds with the batch size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// The quantity.
    pub quantity: String,
    /// For people.
    pub title: String,
    /// What the paper says becomes of it.
    pub expected: Expected,
    /// Of the plain networks; absent where there is none.
    pub plain: Option<f64>,
    /// Of the robust ones; absent where there are none.
    pub robust: Option<f64>,
}

impl Trend {
    /// Whether the plain networks do what the paper says; none where nothing can be said.
    pub fn reproduces(&self) -> Option<bool> {
        let rho = self.plain?;
        Some(match self.expected {
            Expected::Rises => rho >= CLEAR,
            Expected::Falls => rho <= -CLEAR,
            Expected::NoTrend => rho.abs() < CLEAR,
        })
    }
}

/// λ₁ of the robust network over that of the plain one with the same batch size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratio {
    /// The batch size.
    pub batch_size: usize,
    /// Of the training Hessians: mean over the seeds of each seed's own ratio.
    pub train: Statistic,
    /// Of the test Hessians.
    pub test: Statistic,
}

/// How one quantity goes with another over all groups of plain networks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// What would predict.
    pub quantity: String,
    /// What would be predicted.
    pub of: String,
    /// Spearman's rank correlation over the batch sizes; absent where there is none.
    pub spearman: Option<f64>,
}

fn correlation(groups: &[Group], variant: Variant, y: &str, x: impl Fn(&Group) -> f64) -> Option<f64> {
    let of: Vec<&Group> = groups.iter().filter(|g| g.variant == variant).collect();
    let pick = |value: &dyn Fn(&Group) -> f64| of.iter().map(|g| value(g)).collect::<Vec<f64>>();
    Some(spearman(&pick(&x), &pick(&|g| g.mean(y)))).filter(|rho| rho.is_finite())
}

/// The trend of every quantity about which the paper says something and that was measured.
pub(super) fn trends(groups: &[Group], quantities: &[Quantity]) -> Vec<Trend> {
    let measured = |q: &&Quantity| groups.iter().any(|g| g.values.contains_key(&q.name));
    let trend = |q: &Quantity| {
        let of = |variant| correlation(groups, variant, &q.name, |g| g.batch_size as f64);
        Some(Trend {
            quantity: q.name.clone(),
            title: q.title.clone(),
            expected: q.expected?,
            plain: of(Variant::Plain),
            robust: of(Variant::Robust),
        })
    };
    quantities.iter().filter(measured).filter_map(trend).collect()
}

/// Whether curvature or slope in the input, or curvature in the weights, predict accuracy under the strongest attack on the
/// test samples.
pub(super) fn predictions(groups: &[Group], options: &LargeBatchOptions) -> Vec<Prediction> {
    let Some(of) = strongest(&options.epsilons) else { return Vec::new() };
    let names = ["lambda_train", "lambda_test", "input_lambda_test", "input_lambda_mean_test", "input_gradient_test"];
    let measured = names.into_iter().filter(|n| groups.iter().any(|g| g.values.contains_key(*n)));
    let prediction = |name: &str| Prediction {
        quantity: name.to_string(),
        of: of.clone(),
        spearman: correlation(groups, Variant::Plain, &of, |g| g.mean(name)),
    };
    measured.map(prediction).collect()
}

/// The accuracy that the answer speaks of: under FGSM with the largest budget, on test samples; none without attacks.
pub(super) fn strongest(epsilons: &[f64]) -> Option<String> {
    epsilons.last().map(|e| quantity::attacked("FGSM", *e, false))
}

/// What robust training does to λ₁ at each batch size; nothing without it.
pub(super) fn ratios(cells: &[CellReport]) -> Vec<Ratio> {
    let mut batches: Vec<usize> = cells.iter().map(|c| c.batch_size).collect();
    batches.sort_unstable();
    batches.dedup();
    let ratio = |batch_size: usize| {
        let of = |variant| cells.iter().filter(move |c| c.batch_size == batch_size && c.variant == variant);
        let pairs: Vec<(&CellReport, &CellReport)> = of(Variant::Robust)
            .filter_map(|robust| Some((robust, of(Variant::Plain).find(|plain| plain.seed == robust.seed)?)))
            .collect();
        let each = |value: fn(&CellReport) -> f64| {
            Statistic::of(&pairs.iter().map(|(robust, plain)| value(robust) / value(plain)).collect::<Vec<f64>>())
        };
        Some(Ratio { batch_size, train: each(|c| c.train.lambda())?, test: each(|c| c.test.lambda())? })
    };
    batches.into_iter().filter_map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_reproduces_the_paper_where_it_goes_the_same_way_clearly() {
        let trend =
            |expected, plain| Trend { quantity: String::new(), title: String::new(), expected, plain, robust: None };
        let said = |expected, rho| trend(expected, Some(rho)).reproduces();
        assert_eq!([1.0, 0.5, -1.0].map(|r| said(Expected::Rises, r)), [Some(true), Some(false), Some(false)]);
        assert_eq!([1.0, -0.8].map(|r| said(Expected::Falls, r)), [Some(false), Some(true)]);
        assert_eq!([1.0, 0.2, -0.9].map(|r| said(Expected::NoTrend, r)), [Some(false), Some(true), Some(false)]);
        assert_eq!(trend(Expected::Rises, None).reproduces(), None);
    }
}
