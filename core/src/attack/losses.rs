//! Attack losses as functions of the logits of one sample: value, gradient and second derivative.
//!
//! On the host and in f64, because C numbers a sample cost nothing there, and because a softmax that saturates in f32
//! leaves a gradient of exactly zero, behind which a network looks robust. log p and 1 − p are formed from differences
//! of logits, so they stay right until they underflow in f64, at differences of about 745.
//!
//! **Ties.** Where several classes share a maximum, the lowest class counts: the gradient is then that of one of the
//! smooth pieces, an element of the subdifferential in Clarke's sense. Where z_(1) = z_(3), the difference-of-logits
//! ratio is 0/0 or infinite; the plain margin takes its place there.
//!
//! Sources: Carlini and Wagner, *Towards Evaluating the Robustness of Neural Networks*, S&P 2017 (margin); Croce and
//! Hein, *Reliable evaluation of adversarial robustness*, ICML 2020, §4 (difference-of-logits ratio).

use super::AttackLoss;

/// The class of the largest logit, the lowest on a tie; none where there is no logit or one is NaN.
pub fn prediction(logits: &[f64]) -> Option<u32> {
    if logits.iter().any(|z| z.is_nan()) {
        return None;
    }
    largest(logits, None).map(|class| class as u32)
}

/// max_{k≠y} z_k − z_y: positive where another class wins, zero on a tie; NaN where y is no class.
pub fn margin(logits: &[f64], label: u32) -> f64 {
    let y = label as usize;
    match (largest(logits, Some(y)), logits.get(y)) {
        (Some(k), Some(z)) => logits[k] - z,
        _ => f64::NAN,
    }
}

/// The class with the largest logit beside the label, the lowest on a tie; none where there is none.
pub fn rival(logits: &[f64], label: u32) -> Option<u32> {
    largest(logits, Some(label as usize)).map(|class| class as u32)
}

/// The loss of one sample; NaN where the label is no class.
pub fn value(loss: AttackLoss, logits: &[f64], label: u32) -> f64 {
    match loss {
        AttackLoss::CrossEntropy => cross_entropy(logits, label),
        AttackLoss::Margin => margin(logits, label),
        AttackLoss::DifferenceOfLogitsRatio => {
            let a = margin(logits, label);
            match spread(logits) {
                Some((first, third)) if logits[first] > logits[third] => a / (logits[first] - logits[third]),
                _ => a,
            }
        }
    }
}

/// ∂loss/∂z of one sample, written to `out` (as long as `logits`). NaN throughout where the label is no class.
pub fn gradient(loss: AttackLoss, logits: &[f64], label: u32, out: &mut [f64]) {
    let y = label as usize;
    let Some(rival) = largest(logits, Some(y)).filter(|_| y < logits.len() && out.len() == logits.len()) else {
        out.fill(f64::NAN);
        return;
    };
    out.fill(0.0);
    match loss {
        AttackLoss::CrossEntropy => {
            softmax(logits, out);
            // p_y − 1 without cancellation.
            let others: f64 = out.iter().enumerate().filter(|(k, _)| *k != y).map(|(_, p)| p).sum();
            out[y] = -others;
        }
        AttackLoss::Margin => {
            out[rival] += 1.0;
            out[y] -= 1.0;
        }
        AttackLoss::DifferenceOfLogitsRatio => {
            out[rival] += 1.0;
            out[y] -= 1.0;
            if let Some((first, third)) = spread(logits).filter(|(f, t)| logits[*f] > logits[*t]) {
                let (a, b) = (logits[rival] - logits[y], logits[first] - logits[third]);
                out.iter_mut().for_each(|v| *v /= b);
                out[first] -= a / (b * b);
                out[third] += a / (b * b);
            }
        }
    }
}

/// (∂²loss/∂z²)·w of one sample, written to `out`. All three as long as `logits`; zero where lengths differ or the
/// label is no class.
pub fn curvature(loss: AttackLoss, logits: &[f64], label: u32, w: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    let y = label as usize;
    let Some(rival) = largest(logits, Some(y)) else { return };
    if y >= logits.len() || w.len() != logits.len() || out.len() != logits.len() {
        return;
    }
    match loss {
        AttackLoss::CrossEntropy => {
            softmax(logits, out);
            // p_k Σ_j p_j (w_k − w_j): differences, so that a constant w gives exactly zero and no p_k (1 − p_k)
            // cancels.
            let p = out.to_vec();
            for (k, to) in out.iter_mut().enumerate() {
                *to = p[k] * p.iter().zip(w).map(|(pj, wj)| pj * (w[k] - wj)).sum::<f64>();
            }
        }
        AttackLoss::Margin => {}
        AttackLoss::DifferenceOfLogitsRatio => {
            let Some((first, third)) = spread(logits).filter(|(f, t)| logits[*f] > logits[*t]) else { return };
            // f = a/b with a and b linear in z: D(∇f) w = −(∇a (∇b·w) + ∇b (∇a·w)) / b² + 2 a ∇b (∇b·w) / b³.
            let (a, b) = (logits[rival] - logits[y], logits[first] - logits[third]);
            let (aw, bw) = (w[rival] - w[y], w[first] - w[third]);
            let (along_a, along_b) = (-bw / (b * b), -aw / (b * b) + 2.0 * a * bw / (b * b * b));
            out[rival] += along_a;
            out[y] -= along_a;
            out[first] += along_b;
            out[third] -= along_b;
        }
    }
}

/// Position of the largest entry other than `except`; the first on a tie. NaN is never the largest.
fn largest(values: &[f64], except: Option<usize>) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (k, v) in values.iter().enumerate().filter(|(k, v)| Some(*k) != except && !v.is_nan()) {
        if best.is_none_or(|b| *v > values[b]) {
            best = Some(k);
        }
    }
    best
}

/// Positions of the largest and the third largest logit.
fn spread(logits: &[f64]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]).then(a.cmp(b)));
    Some((*order.first()?, *order.get(2)?))
}

/// log Σ exp z − z_y as log(1 + Σ_{k≠y} exp(z_k − z_y)), which does not saturate where the label wins by far.
fn cross_entropy(logits: &[f64], label: u32) -> f64 {
    let y = label as usize;
    let Some(own) = logits.get(y) else { return f64::NAN };
    let others = || logits.iter().enumerate().filter(move |(k, _)| *k != y).map(|(_, z)| z - own);
    let most = others().fold(0.0, f64::max);
    if most == 0.0 {
        return others().map(f64::exp).sum::<f64>().ln_1p();
    }
    // Another class leads: take it out of the sum, so that nothing overflows.
    most + ((-most).exp() + others().map(|d| (d - most).exp()).sum::<f64>()).ln()
}

fn softmax(logits: &[f64], out: &mut [f64]) {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (to, z) in out.iter_mut().zip(logits) {
        *to = (z - most).exp();
    }
    let total: f64 = out.iter().sum();
    out.iter_mut().for_each(|p| *p /= total);
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttackLoss::{CrossEntropy, DifferenceOfLogitsRatio, Margin};

    const Z: [f64; 5] = [0.3, -1.2, 2.1, 0.9, -0.4];

    #[test]
    fn gradients_and_curvatures_are_the_slopes_of_values_and_gradients() {
        let w = [0.7, -0.2, 0.4, -1.1, 0.5];
        let moved = |h: f64| Z.iter().zip(w).map(|(z, w)| z + h * w).collect::<Vec<f64>>();
        let h = 1e-5;
        for loss in [CrossEntropy, Margin, DifferenceOfLogitsRatio] {
            for label in 0..5 {
                let mut g = [0.0; 5];
                gradient(loss, &Z, label, &mut g);
                let slope = (value(loss, &moved(h), label) - value(loss, &moved(-h), label)) / (2.0 * h);
                let exact: f64 = g.iter().zip(w).map(|(g, w)| g * w).sum();
                assert!((slope - exact).abs() < 1e-9, "{loss} of {label}: {slope} and {exact}");
                let (mut up, mut down, mut second) = ([0.0; 5], [0.0; 5], [0.0; 5]);
                gradient(loss, &moved(h), label, &mut up);
                gradient(loss, &moved(-h), label, &mut down);
                curvature(loss, &Z, label, &w, &mut second);
                for k in 0..5 {
                    let slope = (up[k] - down[k]) / (2.0 * h);
                    assert!((slope - second[k]).abs() < 1e-8, "{loss} of {label}: {slope} and {}", second[k]);
                }
            }
        }
    }

    #[test]
    fn the_ratio_does_not_depend_on_the_scale_of_the_logits() {
        let large: Vec<f64> = Z.iter().map(|z| 1000.0 * z).collect();
        for label in 0..5 {
            let (a, b) = (value(DifferenceOfLogitsRatio, &Z, label), value(DifferenceOfLogitsRatio, &large, label));
            assert!((a - b).abs() < 1e-12, "{a} and {b}");
        }
    }

    #[test]
    fn a_saturated_softmax_still_has_a_gradient() {
        let mut g = [0.0; 3];
        gradient(CrossEntropy, &[200.0, 0.0, -50.0], 0, &mut g);
        assert!((g[1] / (-200f64).exp() - 1.0).abs() < 1e-12 && g[0] == -(g[1] + g[2]), "{g:?}");
        assert!((value(CrossEntropy, &[200.0, 0.0, -50.0], 0) / (-200f64).exp() - 1.0).abs() < 1e-12);
        assert!((value(CrossEntropy, &[0.0, 5000.0, 0.0], 0) - 5000.0).abs() < 1e-9);
    }

    #[test]
    fn ties_take_the_lowest_class_and_give_no_nan() {
        assert_eq!(prediction(&[1.0, 2.0, 2.0]), Some(1));
        assert_eq!((prediction(&[1.0, f64::NAN]), prediction(&[])), (None, None));
        let mut g = [0.0; 3];
        for loss in [CrossEntropy, Margin, DifferenceOfLogitsRatio] {
            gradient(loss, &[1.0; 3], 2, &mut g);
            assert!(g.iter().all(|v| v.is_finite()) && value(loss, &[1.0; 3], 2).is_finite(), "{loss}: {g:?}");
        }
        gradient(Margin, &[1.0; 3], 2, &mut g);
        assert_eq!(g, [1.0, 0.0, -1.0]);
    }

    #[test]
    fn a_label_that_is_no_class_has_no_loss() {
        assert!(value(CrossEntropy, &Z, 5).is_nan() && value(Margin, &Z, 9).is_nan());
        let mut g = [0.0; 5];
        gradient(Margin, &Z, 5, &mut g);
        assert!(g.iter().all(|v| v.is_nan()));
    }
}
