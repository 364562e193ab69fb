//! The nearest point of a hyperplane within the box.
//!
//! min ‖d‖ with ⟨w, d⟩ = c and t + d in the box. Every entry moves, if at all, in the direction in which it brings the sum
//! nearer to c, by u_i ≤ r_i, the room that the box leaves: for L∞ u_i = min(τ, r_i), for L2 u_i = min(τ|w_i|, r_i), with
//! the τ at which Σ|w_i|u_i = |c|; for L1 entries are filled in falling order of |w_i|. Where the box is too small, all
//! entries go as far as they can.
//!
//! The sum is concave, rising and piecewise linear in τ, so Newton's method from the left reaches the solution in finitely
//! many steps, in practice a few, without sorting breakpoints.
//!
//! Source: Croce and Hein, *Minimally distorted Adversarial Examples*, ICML 2020, §2.2 (Hein and Andriushchenko 2017 for
//! the problem).

use hesse_core::attack::{Norm, ThreatModel};

/// The perturbation d of `point` (inside the box) with ⟨w, d⟩ = c of smallest norm; all of length D. Zero where w is. Cost:
/// O(D) a Newton step, for L1 O(D log D).
pub fn onto_hyperplane(threat: &ThreatModel, w: &[f64], c: f64, point: &[f64]) -> Vec<f64> {
    let turn = if c < 0.0 { -1.0 } else { 1.0 };
    // |w_i|, room, sign of the move.
    let entries: Vec<(f64, f64, f64)> = w
        .iter()
        .zip(point)
        .map(|(w, x)| {
            let sign = if *w == 0.0 { 0.0 } else { turn * w.signum() };
            let room = if sign > 0.0 { threat.upper - x } else { x - threat.lower };
            (w.abs(), room.max(0.0), sign)
        })
        .collect();
    let wanted = c.abs();
    let reach: f64 = entries.iter().map(|(w, room, _)| w * room).sum();
    if reach <= wanted {
        return entries.iter().map(|(_, room, sign)| sign * room).collect();
    }
    match threat.norm {
        Norm::L1 => fill(&entries, wanted),
        Norm::L2 => spread(&entries, wanted, |w| w),
        Norm::Linf => spread(&entries, wanted, |_| 1.0),
    }
}

/// u_i = min(τ·weight_i, r_i).
fn spread(entries: &[(f64, f64, f64)], wanted: f64, weight: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut tau = 0.0;
    // Each step frees no entry and holds back at least one more, or is the last.
    for _ in 0..=entries.len() {
        let (mut sum, mut slope) = (0.0, 0.0);
        for (w, room, _) in entries.iter().filter(|e| e.2 != 0.0) {
            if tau * weight(*w) < *room {
                sum += w * tau * weight(*w);
                slope += w * weight(*w);
            } else {
                sum += w * room;
            }
        }
        let next = tau + (wanted - sum) / slope;
        if !(next > tau && next.is_finite()) {
            break;
        }
        tau = next;
    }
    entries.iter().map(|(w, room, sign)| sign * (tau * weight(*w)).min(*room)).collect()
}

fn fill(entries: &[(f64, f64, f64)], wanted: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..entries.len()).filter(|i| entries[*i].2 != 0.0).collect();
    order.sort_by(|a, b| entries[*b].0.total_cmp(&entries[*a].0).then(a.cmp(b)));
    let (mut d, mut left) = (vec![0.0; entries.len()], wanted);
    for i in order {
        let (w, room, sign) = entries[i];
        let size = (left / w).min(room);
        d[i] = sign * size;
        left -= w * size;
        if left <= 0.0 {
            break;
        }
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::random::{Purpose, Stream};

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn the_hyperplane_is_reached_within_the_box_by_no_longer_a_way_than_any_other() {
        let mut s = Stream::new(1, Purpose::Data, 0);
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let threat = ThreatModel { norm, lower: 0.0, upper: 1.0 };
            for case in 0..200 {
                let w: Vec<f64> = (0..6).map(|i| if i == 3 { 0.0 } else { s.normal() }).collect();
                let x: Vec<f64> = (0..6).map(|_| s.uniform()).collect();
                // A point of the box that is on the hyperplane, so that there is one.
                let other: Vec<f64> = (0..6).map(|_| s.uniform()).collect();
                let way: Vec<f64> = other.iter().zip(&x).map(|(a, b)| a - b).collect();
                let c = dot(&w, &way);
                let d = onto_hyperplane(&threat, &w, c, &x);
                assert!((dot(&w, &d) - c).abs() < 1e-12, "{norm} {case}");
                assert!(x.iter().zip(&d).all(|(x, d)| (-1e-15..=1.0 + 1e-15).contains(&(x + d))), "{norm} {case}");
                assert!(norm.of(&d) <= norm.of(&way) + 1e-12, "{norm} {case}");
                // No step along the hyperplane makes it shorter while it stays in the box.
                for _ in 0..20 {
                    let mut step: Vec<f64> = (0..6).map(|_| 1e-3 * s.normal()).collect();
                    let off = dot(&w, &step) / dot(&w, &w);
                    step.iter_mut().zip(&w).for_each(|(v, w)| *v -= off * w);
                    let moved: Vec<f64> = d.iter().zip(&step).map(|(d, v)| d + v).collect();
                    let inside = x.iter().zip(&moved).all(|(x, d)| (0.0..=1.0).contains(&(x + d)));
                    assert!(!inside || norm.of(&moved) >= norm.of(&d) - 1e-12, "{norm} {case}");
                }
            }
        }
    }

    #[test]
    fn a_box_that_is_too_small_is_used_to_its_corner_and_no_slope_moves_nothing() {
        let threat = ThreatModel { norm: Norm::L2, lower: 0.0, upper: 1.0 };
        assert_eq!(onto_hyperplane(&threat, &[1.0, -2.0, 0.0], 9.0, &[0.25, 0.5, 0.3]), [0.75, -0.5, 0.0]);
        assert_eq!(onto_hyperplane(&threat, &[0.0; 2], 1.0, &[0.25, 0.5]), [0.0; 2]);
        // Scales of the slope and of the gap do not matter.
        for scale in [1e-150, 1.0, 1e150] {
            let d = onto_hyperplane(&threat, &[3.0 * scale, 4.0 * scale], 0.25 * scale, &[0.5, 0.5]);
            assert!((d[0] - 0.03).abs() < 1e-12 && (d[1] - 0.04).abs() < 1e-12, "{scale}: {d:?}");
        }
    }
}
