//! All square roots of the loss's Hessian in the network's output.
//!
//! For a cross-entropy diag p − p pᵀ = Σ_c p_c (p − e_c)(p − e_c)ᵀ, so each class gives one root: it is the Monte-Carlo
//! Fisher matrix of [`draw`](super::draw) with every label taken once, with its probability, in place of draws. A squared
//! error has √2 e_j. C roots rather than the C − 1 that the rank allows: these need no decomposition and cancel nowhere.

use super::Loss;
use super::draw::{root, softmax};

impl Loss {
    /// Roots r of one sample, Σ r rᵀ being the Hessian of its loss in its output `[…, width]`: row-major, each row as long as
    /// the output. Rows that are zero are left out, so an ignored sample has none.
    pub fn roots(&self, output: &[f64], labels: &[u32], width: usize) -> Vec<f64> {
        let (width, n) = (width.max(1), output.len());
        let mut roots = Vec::new();
        let mut row = |first: usize, values: &[f64]| {
            let start = roots.len();
            roots.resize(start + n, 0.0);
            roots[start + first..start + first + values.len()].copy_from_slice(values);
        };
        match self {
            Loss::SquaredError | Loss::SquaredErrorOneHot => (0..n).for_each(|j| row(j, &[std::f64::consts::SQRT_2])),
            Loss::CrossEntropy { .. } => {
                for (i, z) in output.chunks(width).enumerate() {
                    let (p, factor) = (softmax(z), self.factor(labels.get(i).copied(), width));
                    for class in (0..p.len()).filter(|&class| factor * p[class] > 0.0) {
                        let scale = (factor * p[class]).sqrt();
                        row(i * width, &root(&p, class, scale).collect::<Vec<f64>>());
                    }
                }
            }
        }
        roots
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::tests::weighted;
    use super::*;

    fn moment(roots: &[f64], n: usize) -> Vec<f64> {
        (0..n * n).map(|i| roots.chunks(n).map(|r| r[i / n] * r[i % n]).sum()).collect()
    }

    #[test]
    fn the_roots_add_up_to_the_hessian_in_the_output() {
        let (loss, z, expected) = weighted();
        for (i, (found, expected)) in moment(&loss.roots(&z, &[1], 3), 3).iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < 1e-15, "{i}: {found} {expected}");
        }
        assert!(loss.roots(&z, &[0], 3).is_empty(), "an ignored sample has no curvature");
        let squares = moment(&Loss::SquaredError.roots(&z[..2], &[], 2), 2);
        assert!(squares.iter().zip([2.0, 0.0, 0.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-15), "{squares:?}");
    }

    #[test]
    fn tokens_do_not_meet() {
        let found = moment(&Loss::default().roots(&[0.5, -0.5, 2.0, 1.0], &[0, 1], 2), 4);
        for (i, v) in found.iter().enumerate() {
            assert_eq!(*v != 0.0, (i / 4) / 2 == (i % 4) / 2, "{found:?}");
        }
    }
}
