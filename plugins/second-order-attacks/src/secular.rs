//! The trust-region subproblem in a basis in which the Hessian is diagonal: a scalar equation.
//!
//! max Σ β_i c_i + ½ σ_i c_i² within ‖c‖ ≤ r. A maximiser satisfies (μ − σ_i) c_i = β_i with μ ≥ max(σ_max, 0) and
//! μ (r − ‖c‖) = 0, so unless it lies inside, μ is the root of ‖c(μ)‖ = r right of σ_max. The unknown is t = μ − max(σ_max, 0):
//! the differences μ − σ_i = t + gap_i are then exact however near the root lies to σ_max, and the nearly hard case needs
//! no tolerance. The hard case itself (no slope at all along the top eigenvectors, and too short without them) fills up
//! along the first top eigenvector.
//!
//! Newton's iteration on 1/‖c‖, which is nearly linear, held between bounds.
//!
//! Source: Moré and Sorensen, *Computing a trust region step*, SIAM J. Sci. Stat. Comput. 4 (1983) 553.

/// Iterations after which the bounds are closer than rounding.
const ITERATIONS: usize = 300;

/// The coefficients of the maximiser, for eigenvalues in any order, slopes along their vectors, and a radius ≥ 0. Zeros
/// where a number is not finite. Scaling slopes and values together changes nothing.
pub fn trust_region_step(values: &[f64], slopes: &[f64], radius: f64) -> Vec<f64> {
    let zero = vec![0.0; values.len()];
    let finite = values.iter().chain(slopes).all(|v| v.is_finite()) && radius.is_finite();
    if !finite || values.is_empty() || values.len() != slopes.len() || radius <= 0.0 {
        return zero;
    }
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let floor = top.max(0.0);
    let gaps: Vec<f64> = values.iter().map(|v| floor - v).collect();
    let at = |t: f64| -> Vec<f64> {
        slopes.iter().zip(&gaps).map(|(b, g)| if *b == 0.0 { 0.0 } else { b / (t + g) }).collect()
    };
    let length = |c: &[f64]| hesse_core::attack::Norm::L2.of(c);
    let rigid = slopes.iter().zip(&gaps).any(|(b, g)| *b != 0.0 && *g == 0.0);
    if !rigid {
        let mut c = at(0.0);
        let inside = length(&c);
        if inside <= radius {
            // The maximum lies inside, or the hard case: fill up where the objective still rises.
            if top > 0.0
                && let Some(first) = gaps.iter().position(|g| *g == 0.0)
            {
                c[first] = (radius * radius - inside * inside).max(0.0).sqrt();
            }
            return c;
        }
    }
    // ‖c(t)‖ is at most ‖β‖/t, and at least each of its entries.
    let mut high = length(slopes) / radius;
    let mut low = slopes.iter().zip(&gaps).map(|(b, g)| b.abs() / radius - g).fold(0.0, f64::max);
    let mut t = if low > 0.0 { low } else { high };
    for _ in 0..ITERATIONS {
        let c = at(t);
        let size = length(&c);
        if size > radius {
            low = t;
        } else {
            high = t;
        }
        // Σ c_i² / (t + gap_i) ÷ ‖c‖²: how fast the logarithm of ‖c‖ falls.
        let fall: f64 = c.iter().zip(&gaps).map(|(c, g)| (c / size).powi(2) / (t + g)).sum();
        let newton = t + (size / radius - 1.0) / fall;
        let inner = |v: f64| v > low && v < high;
        let next = match newton {
            v if inner(v) => v,
            // Not √(low·high): the product of two tiny numbers is zero.
            _ if low > 0.0 => low.sqrt() * high.sqrt(),
            _ => 0.5 * (low + high),
        };
        let still = (next - t).abs() <= f64::EPSILON * t;
        t = next;
        if still || !inner(next) {
            break;
        }
    }
    let mut c = at(t);
    let size = length(&c);
    if size > 0.0 && size.is_finite() {
        c.iter_mut().for_each(|v| *v *= radius / size);
        return c;
    }
    zero
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::random::{Purpose, Stream};

    fn worth(values: &[f64], slopes: &[f64], c: &[f64]) -> f64 {
        c.iter().zip(values.iter().zip(slopes)).map(|(c, (v, s))| c * (s + 0.5 * v * c)).sum()
    }

    fn length(c: &[f64]) -> f64 {
        c.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// μ from the largest coefficient, then the residual of (μ − σ) c = β relative to ‖β‖ + μ‖c‖.
    fn kkt(values: &[f64], slopes: &[f64], c: &[f64], radius: f64) {
        let k = (0..c.len()).max_by(|&a, &b| c[a].abs().total_cmp(&c[b].abs())).unwrap();
        let mu = values[k] + slopes[k] / c[k];
        let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let scale = values.iter().fold(0.0, |m: f64, v| m.max(v.abs())) * radius + length(slopes);
        assert!(mu >= top.max(0.0) - 1e-9 * scale / radius, "μ {mu}, σ_max {top}");
        for ((v, s), c) in values.iter().zip(slopes).zip(c) {
            assert!(((mu - v) * c - s).abs() < 1e-9 * scale);
        }
        assert!(mu.abs() < 1e-9 * scale / radius || (length(c) - radius).abs() < 1e-12 * radius);
    }

    #[test]
    fn the_solution_satisfies_the_conditions_of_optimality_and_beats_random_points() {
        let mut s = Stream::new(4, Purpose::Probe, 0);
        for round in 0..300 {
            let n = 1 + round % 9;
            let scale = [1.0, 1e-200, 1e8][round % 3];
            let shift = [0.0, 2.0, -3.0][round % 3];
            let values: Vec<f64> = (0..n).map(|_| scale * (s.normal() + shift)).collect();
            let slopes: Vec<f64> = (0..n).map(|_| scale * s.normal() * [1.0, 1e-6][round % 2]).collect();
            let radius = [0.3, 1e-5, 40.0][round % 3];
            let c = trust_region_step(&values, &slopes, radius);
            assert!(length(&c) <= radius * (1.0 + 1e-12));
            kkt(&values, &slopes, &c, radius);
            let best = worth(&values, &slopes, &c);
            for _ in 0..50 {
                let mut d: Vec<f64> = (0..n).map(|_| s.normal()).collect();
                let factor = radius * s.uniform() / length(&d);
                d.iter_mut().for_each(|v| *v *= factor);
                assert!(worth(&values, &slopes, &d) <= best + 1e-9 * best.abs());
            }
        }
    }

    #[test]
    fn the_hard_case_is_filled_up_along_the_top_eigenvector() {
        // g ⟂ the top eigenvector; at μ = 2 the rest has length 1.
        let c = trust_region_step(&[2.0, 1.0, 0.0], &[0.0, 0.6, 1.6], 2.0);
        assert!((c[1] - 0.6).abs() < 1e-15 && (c[2] - 0.8).abs() < 1e-15);
        assert!((c[0] - 3f64.sqrt()).abs() < 1e-15, "{c:?}");
        // A slope of nearly nothing decides the side, not the size.
        let near = trust_region_step(&[2.0, 1.0, 0.0], &[-1e-30, 0.6, 1.6], 2.0);
        assert!((near[0] + 3f64.sqrt()).abs() < 1e-12, "{near:?}");
        // A saddle with no slope at all is left along the top eigenvector.
        assert_eq!(trust_region_step(&[-1.0, 3.0], &[0.0, 0.0], 0.5), [0.0, 0.5]);
    }

    #[test]
    fn a_maximum_inside_is_taken_and_what_is_not_finite_gives_no_step() {
        assert_eq!(trust_region_step(&[-2.0, -4.0], &[1.0, 2.0], 10.0), [0.5, 0.5]);
        assert_eq!(trust_region_step(&[-1.0, 0.0], &[0.0, 0.0], 1.0), [0.0, 0.0]);
        assert_eq!(trust_region_step(&[f64::NAN], &[1.0], 1.0), [0.0]);
        assert_eq!(trust_region_step(&[1.0], &[1.0], 0.0), [0.0]);
        assert!(trust_region_step(&[], &[], 1.0).is_empty());
    }
}
