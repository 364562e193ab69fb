//! The eigenvalues of a small dense symmetric matrix, by Jacobi's rotations.
//!
//! Jacobi's method and not a tridiagonal reduction, because it keeps the small eigenvalues of graded matrices: the
//! logit-space matrix of a confident softmax has eigenvalues 1e-10 below its largest, and rotations that stop at
//! |a_ij| ≤ ε √(a_ii a_jj) give each of them relative to itself. A library was decided against: core is compiled into
//! every plugin, and this is all it would be for.
//!
//! Source: Demmel and Veselić, *Jacobi's method is more accurate than QR*, SIAM J. Matrix Anal. Appl. 13 (1992) 1204.

/// Sweeps after which what is left is accepted; ten are rare.
const SWEEPS: usize = 60;

/// Eigenvalues with their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct SymmetricEigen {
    /// Falling.
    pub values: Vec<f64>,
    /// Row i is the unit eigenvector of value i, `n × n`.
    pub vectors: Vec<f64>,
}

impl SymmetricEigen {
    /// The eigenvector of value i.
    pub fn vector(&self, i: usize) -> &[f64] {
        let n = self.values.len();
        self.vectors.get(i * n..(i + 1) * n).unwrap_or_default()
    }
}

/// All eigenpairs of a symmetric matrix, `n × n` row-major, of which only the part on and above the diagonal is read.
/// Entries that are not finite give eigenvalues that are not. Cost: O(n³) for each of some six sweeps.
pub fn symmetric_eigen(matrix: &[f64], n: usize) -> SymmetricEigen {
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let (low, high) = (i.min(j), i.max(j));
            a[i * n + j] = matrix.get(low * n + high).copied().unwrap_or(f64::NAN);
        }
    }
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                rotated |= rotate(&mut a, &mut v, n, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    SymmetricEigen {
        values: order.iter().map(|&i| a[i * n + i]).collect(),
        vectors: order.iter().flat_map(|&i| v[i * n..(i + 1) * n].to_vec()).collect(),
    }
}

/// Makes entry (p, q) zero; false where it is so already.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) -> bool {
    let (app, aqq, apq) = (a[p * n + p], a[q * n + q], a[p * n + q]);
    let negligible = f64::EPSILON * app.abs().sqrt() * aqq.abs().sqrt();
    // NaN compares as false, and ends here.
    if !(apq.abs() > negligible && apq.abs() > f64::MIN_POSITIVE) {
        return false;
    }
    let theta = (aqq - app) / (2.0 * apq);
    let t = if theta.abs() < 1e150 { theta.signum() / (theta.abs() + theta.hypot(1.0)) } else { 0.5 / theta };
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    a[p * n + p] = app - t * apq;
    a[q * n + q] = aqq + t * apq;
    a[p * n + q] = 0.0;
    a[q * n + p] = 0.0;
    for k in (0..n).filter(|k| *k != p && *k != q) {
        let (akp, akq) = (a[k * n + p], a[k * n + q]);
        let (x, y) = (c * akp - s * akq, s * akp + c * akq);
        (a[k * n + p], a[p * n + k]) = (x, x);
        (a[k * n + q], a[q * n + k]) = (y, y);
    }
    for k in 0..n {
        let (vp, vq) = (v[p * n + k], v[q * n + k]);
        v[p * n + k] = c * vp - s * vq;
        v[q * n + k] = s * vp + c * vq;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input_hessian::dot;
    use crate::random::{Purpose, Stream};

    fn random(n: usize, scale: f64) -> Vec<f64> {
        let mut s = Stream::new(3, Purpose::Probe, n as u64);
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in i..n {
                a[i * n + j] = scale * s.normal();
                a[j * n + i] = a[i * n + j];
            }
        }
        a
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_multiply_to_themselves_at_every_scale() {
        for n in [0, 1, 2, 5, 20] {
            for scale in [1e-200, 1e-8, 1.0, 1e8] {
                let a = random(n, scale);
                let found = symmetric_eigen(&a, n);
                assert!(found.values.windows(2).all(|w| w[0] >= w[1]));
                for i in 0..n {
                    let v = found.vector(i);
                    for (k, row) in a.chunks(n).enumerate() {
                        let residual = (dot(row, v) - found.values[i] * v[k]).abs();
                        assert!(residual < 1e-13 * scale * n as f64, "{n} {scale}: {residual}");
                    }
                    for j in 0..n {
                        let expected = if i == j { 1.0 } else { 0.0 };
                        assert!((dot(v, found.vector(j)) - expected).abs() < 1e-13);
                    }
                }
            }
        }
    }

    #[test]
    fn a_graded_matrix_keeps_its_small_eigenvalues() {
        // D·(tridiagonal 1/2, 1, 1/2)·D with D = 1, 1e-4, 1e-8: the determinant is that of the middle, 1/2, times D².
        let d = [1.0, 1e-4, 1e-8];
        let middle = |i: usize, j: usize| {
            if i == j {
                1.0
            } else if i.abs_diff(j) == 1 {
                0.5
            } else {
                0.0
            }
        };
        let a: Vec<f64> = (0..9).map(|e| d[e / 3] * middle(e / 3, e % 3) * d[e % 3]).collect();
        let values = symmetric_eigen(&a, 3).values;
        assert!((values.iter().product::<f64>() / 0.5e-24 - 1.0).abs() < 1e-12, "{values:?}");
        // To leading order they are the pivots times D²: 1, 3/4·1e-8, 2/3·1e-16.
        assert!((values[2] / (2.0 / 3.0 * 1e-16) - 1.0).abs() < 1e-7, "{values:?}");
    }

    #[test]
    fn zero_and_nan_end() {
        assert_eq!(symmetric_eigen(&[0.0; 9], 3).values, [0.0; 3]);
        assert!(symmetric_eigen(&[f64::NAN; 4], 2).values.iter().all(|v| v.is_nan()));
    }
}
