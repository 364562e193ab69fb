//! KL(p ‖ q) between the softmax of reference logits and that of others: how far a prediction has moved, whatever the
//! label.
//!
//! Source: Zhang et al., *Theoretically Principled Trade-off between Robustness and Accuracy* (TRADES), ICML 2019, eq. 5.

/// Σ_k p_k (log p_k − log q_k) with p the softmax of `reference` and q that of `logits`; never negative. NaN where
/// lengths differ.
pub fn divergence(reference: &[f64], logits: &[f64]) -> f64 {
    if reference.len() != logits.len() {
        return f64::NAN;
    }
    let (p, q) = (log_softmax(reference), log_softmax(logits));
    // A class that the reference excludes counts nothing, whatever the other says of it.
    let terms = p.iter().zip(&q).filter(|(p, _)| p.exp() > 0.0).map(|(p, q)| p.exp() * (p - q));
    terms.sum::<f64>().max(0.0)
}

/// ∂KL/∂logits = q − p, written to `out`. NaN throughout where lengths differ.
pub fn divergence_gradient(reference: &[f64], logits: &[f64], out: &mut [f64]) {
    if reference.len() != logits.len() || out.len() != logits.len() {
        out.fill(f64::NAN);
        return;
    }
    let (p, q) = (log_softmax(reference), log_softmax(logits));
    for (to, (p, q)) in out.iter_mut().zip(p.iter().zip(&q)) {
        // q (1 − p/q) or p (q/p − 1), whichever is exact where the two are close.
        *to = if q > p { -q.exp() * (p - q).exp_m1() } else { p.exp() * (q - p).exp_m1() };
    }
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total = logits.iter().map(|z| (z - most).exp()).sum::<f64>().ln();
    logits.iter().map(|z| z - most - total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: [f64; 4] = [0.3, -1.2, 2.1, 0.9];

    #[test]
    fn the_divergence_is_zero_only_at_the_reference_whatever_constant_is_added() {
        let moved: Vec<f64> = REFERENCE.iter().map(|z| z + 7.0).collect();
        assert!(divergence(&REFERENCE, &moved) < 1e-15);
        assert!(divergence(&REFERENCE, &[0.0; 4]) > 0.1);
        assert!(divergence(&[1e4, 0.0], &[0.0, 1e4]).is_finite());
    }

    #[test]
    fn its_gradient_is_its_slope() {
        let z = [0.1, 0.4, -0.8, 1.1];
        let mut g = [0.0; 4];
        divergence_gradient(&REFERENCE, &z, &mut g);
        for k in 0..4 {
            let at = |h: f64| {
                let mut z = z;
                z[k] += h;
                divergence(&REFERENCE, &z)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - g[k]).abs() < 1e-9, "{k}: {slope} and {}", g[k]);
        }
        divergence_gradient(&REFERENCE, &REFERENCE, &mut g);
        assert_eq!(g, [0.0; 4]);
    }
}
