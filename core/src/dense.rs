//! Small symmetric eigenproblems on the host.
//!
//! For matrices of at most a few dozen rows that solves and preconditioners project to. Jacobi's method, because it needs
//! nothing else, is accurate to the last digits for small eigenvalues of definite matrices, and core is compiled into
//! every plugin: a linear-algebra library here would be one in each of them. Eigensolver plugins bring their own.

/// Eigenvalues, rising, and orthonormal eigenvectors, one after another, of a symmetric matrix given column by column
/// (only symmetric input makes sense; both triangles are read). Cyclic Jacobi rotations until what is off the diagonal is
/// below rounding; nothing depends on the scale of the matrix. Cost: about 10 n³.
pub fn symmetric_eigen(n: usize, matrix: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut a: Vec<f64> = matrix.iter().copied().take(n * n).collect();
    a.resize(n * n, 0.0);
    // A power of two is an exact scale, so that no square overflows or vanishes.
    let largest = a.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let scale = if largest > 0.0 && largest.is_finite() { 2f64.powi(-(largest.log2().floor() as i32)) } else { 1.0 };
    a.iter_mut().for_each(|v| *v *= scale);
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _ in 0..60 {
        let off: f64 = (0..n * n).filter(|i| i / n != i % n).map(|i| a[i] * a[i]).sum();
        let all: f64 = a.iter().map(|v| v * v).sum();
        if off.is_nan() || off <= f64::EPSILON * f64::EPSILON * all {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(n, &mut a, &mut v, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i * n + i].total_cmp(&a[j * n + j]));
    let values = order.iter().map(|&i| a[i * n + i] / scale).collect();
    let vectors = order.iter().flat_map(|&i| v[i * n..(i + 1) * n].to_vec()).collect();
    (values, vectors)
}

/// One rotation that makes entry (p, q) zero.
fn rotate(n: usize, a: &mut [f64], v: &mut [f64], p: usize, q: usize) {
    let apq = a[q * n + p];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    let turn = |x: &mut [f64], i: usize, j: usize| {
        let (xi, xj) = (x[i], x[j]);
        x[i] = c * xi - s * xj;
        x[j] = s * xi + c * xj;
    };
    for k in 0..n {
        turn(a, p * n + k, q * n + k);
    }
    for k in 0..n {
        turn(a, k * n + p, k * n + q);
        turn(v, p * n + k, q * n + k);
    }
    // Exactly zero, whatever rounding left.
    a[q * n + p] = 0.0;
    a[p * n + q] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenpairs_rebuild_the_matrix_at_every_scale() {
        let n = 7;
        for scale in [1e-200, 1e-8, 1.0, 1e8, 1e150] {
            let entry = |i: usize, j: usize| scale * (((i * j + i + j) % 5) as f64 - 1.5);
            let matrix: Vec<f64> = (0..n * n).map(|k| entry(k / n, k % n)).collect();
            let (values, vectors) = symmetric_eigen(n, &matrix);
            assert!(values.is_sorted());
            for i in 0..n {
                for j in 0..n {
                    let sum = |f: &dyn Fn(usize) -> f64| {
                        (0..n).map(|k| f(k) * vectors[k * n + i] * vectors[k * n + j]).sum::<f64>()
                    };
                    assert!((sum(&|k| values[k]) - entry(i, j)).abs() < 1e-14 * scale * 10.0);
                    let identity = if i == j { 1.0 } else { 0.0 };
                    assert!((sum(&|_| 1.0) - identity).abs() < 1e-14);
                }
            }
        }
    }

    #[test]
    fn the_quadratic_formula_holds_and_zero_has_zero_eigenvalues() {
        let (values, _) = symmetric_eigen(2, &[2.0, 2.0, 2.0, -1.0]);
        assert!((values[0] + 2.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
        assert_eq!(symmetric_eigen(3, &[0.0; 9]).0, [0.0; 3]);
        assert_eq!(symmetric_eigen(0, &[]).0, [0.0; 0]);
    }
}
