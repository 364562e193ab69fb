//! The targeted difference-of-logits ratio: (z_t − z_y) / (z_(1) − (z_(3) + z_(4))/2) with sorted logits.
//!
//! It needs the true class and the target at once, and four classes: the denominator must not vanish where the two
//! compete for the first place. Where it vanishes all the same (the four largest tie), z_t − z_y takes its place.
//!
//! Source: Croce and Hein, *Reliable evaluation of adversarial robustness*, ICML 2020, eq. 7.

/// The fewest classes it is defined for.
pub const CLASSES: usize = 4;

/// The value at one sample; NaN where a class does not exist or there are fewer than four.
pub fn targeted_ratio(logits: &[f64], label: u32, target: u32) -> f64 {
    match parts(logits, label, target) {
        Some(p) if p.below > 0.0 => p.above / p.below,
        Some(p) => p.above,
        None => f64::NAN,
    }
}

/// Its gradient with respect to the logits, written to `out`; NaN throughout where there is no value.
pub fn targeted_ratio_gradient(logits: &[f64], label: u32, target: u32, out: &mut [f64]) {
    let Some(p) = parts(logits, label, target).filter(|_| out.len() == logits.len()) else {
        out.fill(f64::NAN);
        return;
    };
    out.fill(0.0);
    out[target as usize] += 1.0;
    out[label as usize] -= 1.0;
    if p.below > 0.0 {
        out.iter_mut().for_each(|v| *v /= p.below);
        let slope = p.above / (p.below * p.below);
        out[p.first] -= slope;
        out[p.third] += 0.5 * slope;
        out[p.fourth] += 0.5 * slope;
    }
}

struct Parts {
    above: f64,
    below: f64,
    first: usize,
    third: usize,
    fourth: usize,
}

fn parts(logits: &[f64], label: u32, target: u32) -> Option<Parts> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]).then(a.cmp(b)));
    let [first, _, third, fourth] = *order.get(..CLASSES)? else { return None };
    let above = logits.get(target as usize)? - logits.get(label as usize)?;
    Some(Parts { above, below: logits[first] - 0.5 * (logits[third] + logits[fourth]), first, third, fourth })
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: [f64; 5] = [0.3, -1.2, 2.1, 0.9, -0.4];

    #[test]
    fn its_gradient_is_its_slope_and_its_value_does_not_depend_on_the_scale() {
        for (label, target) in [(2, 0), (2, 4), (1, 2), (3, 1)] {
            let mut g = [0.0; 5];
            targeted_ratio_gradient(&Z, label, target, &mut g);
            for k in 0..5 {
                let at = |h: f64| {
                    let mut z = Z;
                    z[k] += h;
                    targeted_ratio(&z, label, target)
                };
                let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((slope - g[k]).abs() < 1e-8, "{label} {target} {k}: {slope} and {}", g[k]);
            }
            let scaled = Z.map(|z| 1e6 * z + 3.0);
            assert!((targeted_ratio(&scaled, label, target) - targeted_ratio(&Z, label, target)).abs() < 1e-9);
        }
    }

    #[test]
    fn three_classes_have_no_value_and_ties_no_infinity() {
        assert!(targeted_ratio(&[1.0, 2.0, 3.0], 0, 1).is_nan());
        assert_eq!(targeted_ratio(&[1.0; 4], 0, 1), 0.0);
        let mut g = [0.0; 4];
        targeted_ratio_gradient(&[1.0; 4], 0, 1, &mut g);
        assert_eq!(g, [-1.0, 1.0, 0.0, 0.0]);
    }
}
