//! Random square roots of the loss's Hessian in the network's output.
//!
//! The Hessian of the loss in the output of one sample is E[r rᵀ] for a random r that is cheap to draw: for a
//! cross-entropy r = √a (p − e_ŷ) with the label ŷ drawn from the network's own distribution p (a is the sample's
//! weight), for a squared error r = √2 ξ with ξ standard normal, the residual of a target drawn around the output. So
//! Jᵀ (mean of r rᵀ) J is the Monte-Carlo Fisher matrix, whose expectation is the Gauss–Newton matrix whatever the
//! weights, the smoothing and the ignored label. Drawn on the host: a label needs a cumulative sum and a branch, and the
//! output is small beside what was computed to get it.

use super::Loss;
use crate::random::Stream;

impl Loss {
    /// `draws` random square roots for one sample, each scaled by 1/√draws so that Σ r rᵀ is an average: row-major
    /// `[draws, …, width]` for an output `[…, width]`. Draw k does not depend on how many follow it, but for its scale.
    pub fn draw_roots(
        &self,
        output: &[f64],
        labels: &[u32],
        width: usize,
        draws: usize,
        stream: &mut Stream,
    ) -> Vec<f64> {
        let width = width.max(1);
        let share = 1.0 / draws.max(1) as f64;
        let mut roots = Vec::with_capacity(draws * output.len());
        match self {
            Loss::SquaredError | Loss::SquaredErrorOneHot => {
                let scale = (2.0 * share).sqrt();
                roots.extend((0..draws * output.len()).map(|_| scale * stream.normal()));
            }
            Loss::CrossEntropy { .. } => {
                let rows: Vec<Vec<f64>> = output.chunks(width).map(softmax).collect();
                for _ in 0..draws {
                    for (i, p) in rows.iter().enumerate() {
                        let scale = (share * self.factor(labels.get(i).copied(), width)).sqrt();
                        roots.extend(root(p, draw(p, stream.uniform()), scale));
                    }
                }
            }
        }
        roots
    }

    /// What multiplies diag p − p pᵀ in the Hessian of a sample's cross-entropy.
    pub(super) fn factor(&self, label: Option<u32>, classes: usize) -> f64 {
        let Loss::CrossEntropy { label_smoothing, class_weights, ignored_label } = self else { return 1.0 };
        if label.is_some() && label == *ignored_label {
            return 0.0;
        }
        let own = match (class_weights, label) {
            (Some(weights), Some(label)) => weights.get(label as usize).copied().unwrap_or(0.0),
            _ => 1.0,
        };
        let all = class_weights.as_ref().map_or(classes as f64, |weights| weights.iter().sum());
        (1.0 - label_smoothing) * own + label_smoothing / classes as f64 * all
    }
}

pub(super) fn softmax(z: &[f64]) -> Vec<f64> {
    let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = z.iter().map(|z| (z - top).exp()).collect();
    let total: f64 = e.iter().sum();
    e.iter().map(|e| e / total).collect()
}

/// scale·(p − e_class), the class's own entry as minus the sum of the others, which is accurate where p is nearly one.
pub(super) fn root(p: &[f64], class: usize, scale: f64) -> impl Iterator<Item = f64> + '_ {
    let others: f64 = p.iter().enumerate().filter(|(c, _)| *c != class).map(|(_, p)| p).sum();
    p.iter().enumerate().map(move |(c, p)| scale * if c == class { -others } else { *p })
}

/// The class in which u falls, by the distribution function.
fn draw(p: &[f64], u: f64) -> usize {
    let mut below = 0.0;
    for (class, p) in p.iter().enumerate() {
        below += p;
        if u < below {
            return class;
        }
    }
    // Rounding left the sum just below one.
    p.iter().rposition(|p| *p > 0.0).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::Purpose;

    /// Σ r rᵀ of one sample.
    fn moment(loss: &Loss, z: &[f64], label: u32, draws: usize) -> Vec<f64> {
        let roots = loss.draw_roots(z, &[label], z.len(), draws, &mut Stream::new(3, Purpose::ModelLabels, 0));
        let n = z.len();
        (0..n * n).map(|i| roots.chunks(n).map(|r| r[i / n] * r[i % n]).sum()).collect()
    }

    /// A loss with every option, an output, and the Hessian of the loss in it for label 1.
    pub(in crate::loss) fn weighted() -> (Loss, [f64; 3], Vec<f64>) {
        let z = [0.3, -1.2, 0.8];
        let p = softmax(&z);
        let loss = Loss::CrossEntropy {
            label_smoothing: 0.3,
            class_weights: Some(vec![0.5, 2.0, 1.0]),
            ignored_label: Some(0),
        };
        let factor = 0.7 * 2.0 + 0.3 / 3.0 * 3.5;
        let entry = |i: usize| factor * (if i / 3 == i % 3 { p[i / 3] } else { 0.0 } - p[i / 3] * p[i % 3]);
        (loss, z, (0..9).map(entry).collect())
    }

    #[test]
    fn the_mean_of_many_draws_is_the_hessian_in_the_output() {
        let (loss, z, expected) = weighted();
        let found = moment(&loss, &z, 1, 200_000);
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < 0.01, "{i}: {found} {expected}");
        }
        assert!(moment(&loss, &z, 0, 10).iter().all(|v| *v == 0.0), "an ignored sample has no curvature");
        let squares = moment(&Loss::SquaredError, &z, 0, 200_000);
        assert!((squares[0] - 2.0).abs() < 0.03 && squares[1].abs() < 0.03, "{squares:?}");
    }

    #[test]
    fn a_saturated_sample_keeps_its_small_residual() {
        let roots = Loss::default().draw_roots(&[40.0, 0.0], &[0], 2, 1, &mut Stream::new(0, Purpose::ModelLabels, 0));
        assert!((roots[0] / -(-40f64).exp() - 1.0).abs() < 1e-12 && (roots[1] / (-40f64).exp() - 1.0).abs() < 1e-12);
    }
}
