//! Which way a linear function rises fastest.
//!
//! The maximiser of ⟨g, d⟩ over ‖d‖ ≤ 1 is sign(g) for L∞, g/‖g‖₂ for L2, and for L1 the one entry where |g| is
//! largest. Under a box the last is useless (one pixel cannot take the whole budget), so the L1 forms here fill entries
//! in falling order of |g| as far as the box lets them.

use super::l1_ball::room;
use crate::attack::{Norm, ThreatModel};

/// `x += step · argmax_{‖d‖ ≤ 1} ⟨g, d⟩`, both of length D. No step where g is zero or not finite. Under L1 the whole
/// step goes to the entry of the largest |g|, the first on a tie. Cost: O(D).
pub fn add_steepest_ascent(norm: Norm, g: &[f64], step: f64, x: &mut [f64]) {
    match norm {
        Norm::Linf => x.iter_mut().zip(g).for_each(|(x, g)| *x += step * sign(*g)),
        Norm::L2 => {
            let length = Norm::L2.of(g);
            if length > 0.0 && length.is_finite() {
                // g/‖g‖ first: ε/‖g‖ overflows for the gradients of a saturated softmax.
                x.iter_mut().zip(g).for_each(|(x, g)| *x += step * (g / length));
            }
        }
        Norm::L1 => {
            let largest = g.iter().enumerate().fold((0, 0.0), |b, (i, g)| if g.abs() > b.1 { (i, g.abs()) } else { b });
            if largest.1 > 0.0
                && let (Some(x), Some(g)) = (x.get_mut(largest.0), g.get(largest.0))
            {
                *x += step * sign(*g);
            }
        }
    }
}

/// An L1 step of length `step` spread evenly over the `share` of entries where |g| is largest, leaving out those that
/// the box already holds back (SLIDE of Tramèr and Boneh 2019, with the box of Croce and Hein 2021). At least one entry
/// takes part; no step where g is zero. Cost: O(D log D).
pub fn add_sparse_ascent(threat: &ThreatModel, g: &[f64], step: f64, share: f64, x: &mut [f64]) {
    let free = |i: &usize| {
        let rises = g[*i] > 0.0;
        g[*i] != 0.0 && g[*i].is_finite() && if rises { x[*i] < threat.upper } else { x[*i] > threat.lower }
    };
    let mut order: Vec<usize> = (0..g.len().min(x.len())).filter(free).collect();
    order.sort_by(|a, b| g[*b].abs().total_cmp(&g[*a].abs()).then(a.cmp(b)));
    let wanted = ((share * g.len() as f64) as usize).clamp(1, g.len().max(1));
    order.truncate(wanted);
    let each = step / order.len().max(1) as f64;
    for i in order {
        x[i] += each * sign(g[i]);
    }
}

/// Writes the sample that one step of length ε from `clean` along g reaches: the maximiser of ⟨g, x⟩ over ball ∩ box
/// for L∞ (clip(clean + ε·sign g)) and L1 (entries filled in falling order of |g| until the budget is spent), and for
/// L2 the published clean + ε·g/‖g‖₂, clipped. All of length D. Cost: O(D), for L1 O(D log D).
pub fn linear_maximizer(threat: &ThreatModel, epsilon: f64, clean: &[f64], g: &[f64], x: &mut [f64]) {
    x.copy_from_slice(clean);
    if threat.norm != Norm::L1 {
        add_steepest_ascent(threat.norm, g, epsilon, x);
        super::project(threat, epsilon, clean, x);
        return;
    }
    let mut order: Vec<usize> = (0..g.len().min(x.len())).filter(|i| g[*i] != 0.0 && !g[*i].is_nan()).collect();
    order.sort_by(|a, b| g[*b].abs().total_cmp(&g[*a].abs()).then(a.cmp(b)));
    let mut left = epsilon;
    for i in order {
        let change = room(threat, clean[i], g[i]).min(left);
        x[i] += change * sign(g[i]);
        left -= change;
        if left <= 0.0 {
            break;
        }
    }
}

/// −1, 0 or 1; zero for zero and NaN.
fn sign(g: f64) -> f64 {
    if g > 0.0 {
        1.0
    } else if g < 0.0 {
        -1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn no_direction_of_the_unit_ball_rises_faster_whatever_the_scale() {
        let mut s = Stream::new(5, Purpose::Probe, 0);
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            for scale in [1e-250, 1e-8, 1.0, 1e250] {
                let g: Vec<f64> = (0..9).map(|_| s.normal() * scale).collect();
                let mut d = vec![0.0; 9];
                add_steepest_ascent(norm, &g, 1.0, &mut d);
                // Hölder's inequality is sharp.
                assert!((dot(&g, &d) / norm.dual().of(&g) - 1.0).abs() < 1e-12, "{norm} {scale}");
                assert!((norm.of(&d) - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_zero_gradient_gives_no_step() {
        let threat = |norm| ThreatModel { norm, lower: 0.0, upper: 1.0 };
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let mut x = [0.2, 0.8];
            add_steepest_ascent(norm, &[0.0, -0.0], 0.1, &mut x);
            add_sparse_ascent(&threat(norm), &[0.0, 0.0], 0.1, 0.5, &mut x);
            assert_eq!(x, [0.2, 0.8]);
            let mut out = [9.0; 2];
            linear_maximizer(&threat(norm), 0.5, &x, &[0.0, 0.0], &mut out);
            assert_eq!(out, x);
        }
    }

    #[test]
    fn an_l1_step_in_a_box_fills_entries_in_falling_order_of_the_gradient() {
        let threat = ThreatModel { norm: Norm::L1, lower: 0.0, upper: 1.0 };
        let mut x = [0.0; 4];
        linear_maximizer(&threat, 1.0, &[0.5, 0.25, 0.75, 0.5], &[1.0, -3.0, 2.0, 0.5], &mut x);
        assert_eq!(x, [1.0, 0.0, 1.0, 0.5]);
        let mut x = [0.5, 1.0, 0.5];
        add_sparse_ascent(&threat, &[1.0, 5.0, -2.0], 0.2, 0.67, &mut x);
        assert_eq!(x, [0.6, 1.0, 0.4]);
    }
}
