//! Euclidean projection onto the L1 ball cut by the box.
//!
//! Projecting onto the ball and then clipping wastes what the box cuts off, and under L1, where steps are concentrated
//! on few entries, that is most of it. The projection onto the intersection is u_i = sign(d_i)·min(max(|d_i| − τ, 0),
//! b_i) with b_i the room that the box leaves in that direction, and τ ≥ 0 the number for which Σ|u_i| = ε: the sum
//! falls piecewise linearly in τ, so sorting its breakpoints finds τ exactly.
//!
//! Sources: Duchi et al., *Efficient projections onto the l1-ball*, ICML 2008 (without a box); Croce and Hein, *Mind
//! the box*, ICML 2021.

use crate::attack::ThreatModel;

/// See [`project`](super::project).
pub(super) fn project(threat: &ThreatModel, epsilon: f64, clean: &[f64], x: &mut [f64]) {
    let entries: Vec<(f64, f64)> = x.iter().zip(clean).map(|(x, c)| (x - c, room(threat, *c, x - c))).collect();
    let Some(mut tau) = threshold(&entries, epsilon) else { return };
    // The walk subtracts its way down from Σ|d|, and a small ε drowns in the rounding of that. Sums of what is left do
    // not cancel: two steps along the last segment restore the digits, and a last factor keeps the bound.
    let left = |tau: f64| entries.iter().map(move |(d, room)| (d.abs() - tau).max(0.0).min(*room));
    for _ in 0..2 {
        let shrinking = entries.iter().filter(|(d, room)| (0.0..*room).contains(&(d.abs() - tau))).count();
        if shrinking > 0 {
            tau += (left(tau).sum::<f64>() - epsilon) / shrinking as f64;
        }
    }
    let total: f64 = left(tau).sum();
    let factor = if total > epsilon { epsilon / total } else { 1.0 };
    for ((x, c), ((d, _), size)) in x.iter_mut().zip(clean).zip(entries.iter().zip(left(tau))) {
        *x = c + (size * factor).copysign(*d);
    }
}

/// How far an entry may move in the direction of `d`.
pub(super) fn room(threat: &ThreatModel, clean: f64, d: f64) -> f64 {
    if d > 0.0 { (threat.upper - clean).max(0.0) } else { (clean - threat.lower).max(0.0) }
}

/// τ, or nothing where clipping to the box is enough.
fn threshold(entries: &[(f64, f64)], epsilon: f64) -> Option<f64> {
    let mut sum: f64 = entries.iter().map(|(d, b)| d.abs().min(*b)).sum();
    if sum <= epsilon {
        return None;
    }
    // At |d| − b an entry begins to shrink, at |d| it is gone.
    let mut events: Vec<(f64, f64)> = Vec::with_capacity(2 * entries.len());
    for (d, b) in entries.iter().filter(|(d, b)| d.abs().min(*b) > 0.0) {
        events.push(((d.abs() - b).max(0.0), 1.0));
        events.push((d.abs(), -1.0));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut tau, mut shrinking) = (0.0, 0.0);
    for (at, change) in events {
        let next = sum - shrinking * (at - tau);
        if next <= epsilon && shrinking > 0.0 {
            return Some((tau + (sum - epsilon) / shrinking).min(at));
        }
        (sum, tau, shrinking) = (next, at, shrinking + change);
    }
    Some(tau)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::Norm;
    use crate::random::{Purpose, Stream};

    #[test]
    fn the_result_is_the_nearest_point_of_ball_and_box() {
        let threat = ThreatModel { norm: Norm::L1, lower: 0.0, upper: 1.0 };
        let mut s = Stream::new(1, Purpose::Probe, 0);
        for _ in 0..50 {
            let clean: Vec<f64> = (0..12).map(|_| s.uniform()).collect();
            let far: Vec<f64> = clean.iter().map(|c| c + s.normal()).collect();
            let mut x = far.clone();
            project(&threat, 1.3, &clean, &mut x);
            // Optimality: ⟨far − x, y − x⟩ ≤ 0 for every allowed y.
            for _ in 0..200 {
                let mut y: Vec<f64> = (0..12).map(|_| s.normal()).collect();
                let total: f64 = y.iter().map(|v| v.abs()).sum();
                let share = s.uniform();
                y.iter_mut().zip(&clean).for_each(|(y, c)| *y = (c + *y / total * 1.3 * share).clamp(0.0, 1.0));
                let angle: f64 = (0..12).map(|i| (far[i] - x[i]) * (y[i] - x[i])).sum();
                assert!(angle <= 1e-12, "{angle}");
            }
        }
    }

    #[test]
    fn without_a_box_it_is_soft_thresholding() {
        let threat = ThreatModel { norm: Norm::L1, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
        let mut x = [3.0, -1.0, 0.5];
        project(&threat, 2.0, &[0.0; 3], &mut x);
        assert_eq!(x, [2.0, -0.0, 0.0]);
        let mut x = [3.0, -2.0, 0.5];
        project(&threat, 3.0, &[0.0; 3], &mut x);
        assert_eq!(x, [2.0, -1.0, 0.0]);
    }
}
