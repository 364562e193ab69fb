//! The answer in one sentence, with the numbers that support it: against the control, not against the original, because
//! more epochs change curvature by themselves.

use super::{RobustModel, Role};
use crate::report::{percent, significant};
use std::fmt::Write as _;

/// What training against attacks did to curvature and to accuracy under attack, beyond training on without one.
pub(super) fn answer(models: &[RobustModel]) -> String {
    let of = |role: Role| models.iter().filter(move |m| m.role == role);
    let robust: Vec<&RobustModel> = of(Role::Robust).collect();
    let (Some(original), Some(control), false) =
        (of(Role::Original).next(), of(Role::Control).next(), robust.is_empty())
    else {
        return "Nothing can be said without a robust network and its control.".to_string();
    };
    let mut text = curvature(original, control, &robust).map_or("Accuracy".to_string(), |t| format!("{t}; accuracy"));
    let middle = |value: fn(&RobustModel) -> f64| median(&robust.iter().map(|m| value(m)).collect::<Vec<_>>());
    let went = |value: fn(&RobustModel) -> f64| {
        format!("{} → {} → {}", percent(value(original)), percent(value(control)), percent(middle(value)))
    };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        " (original → control → robust) on the original's adversarial sets {}, under attacks on the network itself \
         {}, on clean samples {}",
        went(|m| m.transfer_mean),
        went(|m| m.white_box_mean),
        went(|m| m.test_accuracy)
    );
    if let Some(best) = robust.iter().max_by(|a, b| a.white_box_mean.total_cmp(&b.white_box_mean)) {
        let _ = write!(text, "; most robust: trained {}, {}", best.title, percent(best.white_box_mean));
    }
    text.push('.');
    text
}

/// The largest eigenvalue before, after the control and after robust training, and what remains of the claim; none where
/// it was not measured.
fn curvature(original: &RobustModel, control: &RobustModel, robust: &[&RobustModel]) -> Option<String> {
    let lambdas: Vec<f64> = robust.iter().map(|m| m.lambda()).filter(|l| l.is_finite()).collect();
    let (before, plain) = (original.lambda(), control.lambda());
    if lambdas.is_empty() || !before.is_finite() || !plain.is_finite() {
        return None;
    }
    let of = lambdas.len();
    let below = |bound: f64| lambdas.iter().filter(|l| **l < bound).count();
    let (lower, than_original) = (below(plain), below(before));
    let verdict = match lower {
        n if n == of => "robust training itself lowers it",
        0 if than_original > 0 => "robust training itself does not lower it: training on alone does",
        0 => "robust training does not lower it",
        _ => "whether robust training itself lowers it depends on the attack",
    };
    Some(format!(
        "λ₁ of the Hessian is {} in the original, {} after as many more epochs without an attack (control) and {} (median) \
         after training against one, below the control in {lower} of {of} cases and below the original in {than_original}: \
         {verdict}",
        significant(before, 3),
        significant(plain, 3),
        significant(median(&lambdas), 3)
    ))
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
    use super::super::SpectrumCell;
    use super::*;
    use crate::study::{CurvaturePart, Eigenvalue};

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_the_middle_two() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])), (2.0, 2.5));
        assert!(median(&[]).is_nan());
    }

    fn model(role: Role, lambda: f64) -> RobustModel {
        let pair = Eigenvalue { value: lambda, residual: 0.0, converged: true };
        let found = CurvaturePart {
            key: String::new(),
            samples: 10,
            loss: 0.0,
            accuracy: 1.0,
            gradient_norm: 0.0,
            largest: vec![pair],
            smallest: Vec::new(),
            converged: true,
            products: 1,
            seconds: 0.0,
            notices: Vec::new(),
        };
        RobustModel {
            name: String::new(),
            title: "against FGSM".to_string(),
            role,
            trained_against: None,
            epochs: 1,
            train_loss: 0.0,
            train_accuracy: 1.0,
            train_robust_accuracy: None,
            test_loss: 0.0,
            test_accuracy: 0.9,
            transfer: vec![0.5],
            transfer_mean: 0.5,
            white_box: vec![0.25],
            white_box_mean: 0.25,
            spectra: vec![SpectrumCell { asked: 0, found }],
            line: None,
            train_seconds: 0.0,
        }
    }

    #[test]
    fn the_verdict_is_against_the_control_and_not_the_original() {
        let said = |original: f64, control: f64, robust: [f64; 2]| {
            answer(&[
                model(Role::Original, original),
                model(Role::Control, control),
                model(Role::Robust, robust[0]),
                model(Role::Robust, robust[1]),
            ])
        };
        assert!(said(8.0, 2.0, [3.0, 4.0]).contains("does not lower it: training on alone does"));
        assert!(said(8.0, 2.0, [1.0, 0.5]).contains("robust training itself lowers it"));
        assert!(
            said(8.0, 2.0, [1.0, 4.0]).contains("in 1 of 2 cases") && said(8.0, 2.0, [1.0, 4.0]).contains("depends on")
        );
        assert!(said(8.0, 9.0, [10.0, 12.0]).contains("robust training does not lower it"));
        assert!(said(f64::NAN, 9.0, [10.0, 12.0]).starts_with("Accuracy (original → control → robust)"));
        assert!(answer(&[model(Role::Original, 1.0)]).starts_with("Nothing can be said"));
    }
}
