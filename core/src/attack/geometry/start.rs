//! Random points, uniform in the ball.
//!
//! Uniform in volume: peers draw the radius uniformly (most of the mass near the centre) or start on the sphere. Every
//! sample has its own stream, keyed by its position in the data set, so that a start does not depend on how samples are
//! batched.

use super::project;
use crate::attack::{Norm, ThreatModel};
use crate::random::{Purpose, Stream};

/// Writes a point of the ball of radius ε around zero, uniform in volume: for L2 a normal direction times ε·U^{1/D},
/// for L1 the first D of D + 1 exponentials divided by their sum, with random signs. Cost: O(D).
pub fn draw_in_ball(norm: Norm, epsilon: f64, stream: &mut Stream, d: &mut [f64]) {
    match norm {
        Norm::Linf => d.iter_mut().for_each(|d| *d = epsilon * (2.0 * stream.uniform() - 1.0)),
        Norm::L2 => {
            d.iter_mut().for_each(|d| *d = stream.normal());
            let radius = epsilon * stream.uniform().powf(1.0 / d.len().max(1) as f64);
            let length = Norm::L2.of(d);
            if length > 0.0 {
                d.iter_mut().for_each(|d| *d *= radius / length);
            }
        }
        Norm::L1 => {
            let exponential = |stream: &mut Stream| -(1.0 - stream.uniform()).ln();
            let mut total = exponential(stream);
            for d in d.iter_mut() {
                let e = exponential(stream);
                total += e;
                *d = if stream.bits() & 1 == 0 { e } else { -e };
            }
            if total > 0.0 {
                d.iter_mut().for_each(|d| *d *= epsilon / total);
            }
        }
    }
}

/// Replaces `x` by a random point of ball ∩ box around `clean`, from the stream of (seed, random starts, sample index).
/// All of length D.
pub fn random_start(threat: &ThreatModel, epsilon: f64, seed: u64, index: usize, clean: &[f64], x: &mut [f64]) {
    let mut stream = Stream::new(seed, Purpose::AttackStart, index as u64);
    draw_in_ball(threat.norm, epsilon, &mut stream, x);
    x.iter_mut().zip(clean).for_each(|(x, c)| *x += c);
    project(threat, epsilon, clean, x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_follow_the_volume_of_the_ball() {
        // The share of a D-dimensional ball within radius r is r^D, so U = r^D is uniform.
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let mut mean = 0.0;
            for i in 0..4000 {
                let mut d = [0.0; 7];
                draw_in_ball(norm, 2.0, &mut Stream::new(1, Purpose::Probe, i), &mut d);
                let r = norm.of(&d) / 2.0;
                assert!(r <= 1.0 + 1e-12);
                mean += r.powi(7) / 4000.0;
            }
            // The standard error of the mean of 4,000 uniform numbers is 0.0046.
            assert!((mean - 0.5).abs() < 0.023, "{norm}: {mean}");
        }
    }

    #[test]
    fn a_start_depends_on_seed_and_index_alone() {
        let threat = ThreatModel { norm: Norm::L2, lower: 0.0, upper: 1.0 };
        let start = |seed, index| {
            let mut x = [0.0; 5];
            random_start(&threat, 0.3, seed, index, &[0.5; 5], &mut x);
            x
        };
        assert_eq!(start(1, 7), start(1, 7));
        assert_ne!(start(1, 7), start(1, 8));
        assert_ne!(start(1, 7), start(2, 7));
    }
}
