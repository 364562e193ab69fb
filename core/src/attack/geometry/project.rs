//! The nearest allowed sample.

use super::l1_ball;
use crate::attack::{Norm, ThreatModel};

/// Moves `x` to the ball of radius `epsilon` around `clean`, then to the box; `clean` must lie in the box. All of
/// length D.
///
/// * L∞: exact; |x − clean| ≤ ε holds in f64 arithmetic, not only up to rounding.
/// * L2: the perturbation is shortened to length ε; ‖x − clean‖ ≤ ε(1 + 1e-12).
/// * L1: the Euclidean projection onto ball ∩ box, exact by sorting.
///
/// ε = 0 gives the clean sample bit for bit. Entries that are NaN or infinite are the caller's matter: NaN stays. Cost:
/// O(D), for L1 O(D log D).
pub fn project(threat: &ThreatModel, epsilon: f64, clean: &[f64], x: &mut [f64]) {
    if epsilon == 0.0 {
        x.copy_from_slice(clean);
        return;
    }
    match threat.norm {
        Norm::Linf => {
            for (x, &c) in x.iter_mut().zip(clean) {
                *x = within(*x, c, epsilon);
            }
        }
        Norm::L2 => {
            let d: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
            let length = Norm::L2.of(&d);
            if length > epsilon {
                let factor = epsilon / length;
                for ((x, c), d) in x.iter_mut().zip(clean).zip(&d) {
                    *x = c + d * factor;
                }
            }
        }
        Norm::L1 => l1_ball::project(threat, epsilon, clean, x),
    }
    for x in x.iter_mut().filter(|x| !x.is_nan()) {
        *x = x.clamp(threat.lower, threat.upper);
    }
}

/// [`project`] for each of the samples, `N × D`.
pub fn project_all(threat: &ThreatModel, epsilon: f64, clean: &[f64], x: &mut [f64], dimension: usize) {
    let d = dimension.max(1);
    for (x, clean) in x.chunks_exact_mut(d).zip(clean.chunks_exact(d)) {
        project(threat, epsilon, clean, x);
    }
}

/// The number nearest to x whose distance from c, as f64 computes it, is at most ε.
fn within(x: f64, c: f64, epsilon: f64) -> f64 {
    let mut y = if x > c + epsilon {
        c + epsilon
    } else if x < c - epsilon {
        c - epsilon
    } else {
        x
    };
    // c + ε is rounded, so its distance from c may be an ulp more than ε; one step is enough.
    while (y - c).abs() > epsilon {
        y = if y > c { y.next_down() } else { y.next_up() };
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn box_with(norm: Norm) -> ThreatModel {
        ThreatModel { norm, lower: 0.0, upper: 1.0 }
    }

    #[test]
    fn what_is_projected_lies_in_ball_and_box() {
        let mut s = Stream::new(3, Purpose::Probe, 0);
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            for round in 0..200 {
                let clean: Vec<f64> = (0..30).map(|_| s.uniform()).collect();
                let epsilon = [1e-9, 0.031, 0.3, 2.0, 1e300][round % 5];
                let mut x: Vec<f64> = clean.iter().map(|c| c + 3.0 * s.normal()).collect();
                project(&box_with(norm), epsilon, &clean, &mut x);
                let d: Vec<f64> = x.iter().zip(&clean).map(|(a, b)| a - b).collect();
                let bound = if norm == Norm::Linf { epsilon } else { epsilon * (1.0 + 1e-12) };
                // Differences of numbers near one are rounded to 1e-16, whatever ε is.
                let rounding = if norm == Norm::Linf { 0.0 } else { 30.0 * f64::EPSILON };
                assert!(norm.of(&d) <= bound + rounding, "{norm} {epsilon}: {}", norm.of(&d));
                assert!(x.iter().all(|v| (0.0..=1.0).contains(v)));
                let again = {
                    let mut y = x.clone();
                    project(&box_with(norm), epsilon, &clean, &mut y);
                    y
                };
                assert!(x.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-14), "{norm} {epsilon}");
            }
        }
    }

    #[test]
    fn no_budget_gives_the_clean_bits() {
        let clean = [0.1, 0.0, 1.0];
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let mut x = [f64::NAN, -0.0, 7.0];
            project(&box_with(norm), 0.0, &clean, &mut x);
            assert!(x.iter().zip(&clean).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}
