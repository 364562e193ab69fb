//! The answer in one sentence, with the numbers that support it.

use super::RobustModel;
use crate::report::{percent, significant};
use std::fmt::Write as _;

/// What training against attacks did to curvature and to accuracy under attack.
pub(super) fn answer(models: &[RobustModel]) -> String {
    let Some((original, robust)) = models.split_first().filter(|(_, robust)| !robust.is_empty()) else {
        return "Nothing can be said without a robust network.".to_string();
    };
    let of = robust.len();
    let lambdas: Vec<f64> = robust.iter().map(RobustModel::lambda).filter(|l| l.is_finite()).collect();
    let mut text = String::new();
    let before = original.lambda();
    if before.is_finite() && !lambdas.is_empty() {
        let lower = lambdas.iter().filter(|l| **l < before).count();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "Training against an attack left λ₁ of the Hessian lower than in the original network in {lower} of {} \
             cases ({} before, median {} after), and took",
            lambdas.len(),
            significant(before, 3),
            significant(median(&lambdas), 3)
        );
    } else {
        text.push_str("Training against an attack took");
    }
    let means: Vec<f64> = robust.iter().map(|m| m.transfer_mean).collect();
    let own: Vec<f64> = robust.iter().map(|m| m.white_box_mean).collect();
    let clean: Vec<f64> = robust.iter().map(|m| m.test_accuracy).collect();
    let best = robust.iter().max_by(|a, b| a.white_box_mean.total_cmp(&b.white_box_mean));
    let _ = write!(
        text,
        " the mean accuracy on the original's adversarial sets from {} to a median of {} of {of}, under attacks on the \
         network itself from {} to {}, and on clean samples from {} to {}",
        percent(original.transfer_mean),
        percent(median(&means)),
        percent(original.white_box_mean),
        percent(median(&own)),
        percent(original.test_accuracy),
        percent(median(&clean))
    );
    if let Some(best) = best {
        let _ = write!(
            text,
            "; the most robust network is the one trained {}, with {}",
            best.title,
            percent(best.white_box_mean)
        );
    }
    text.push('.');
    text
}

/// The middle value, or the mean of the middle two; NaN of nothing.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).and_then(|i| sorted.get(i))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => 0.5 * (upper + lower),
        (Some(middle), _) => *middle,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_the_middle_two() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])), (2.0, 2.5));
        assert!(median(&[]).is_nan());
    }
}
