//! The eigenvalues of a symmetric tridiagonal matrix, with as many rows of its eigenvectors as are wanted.
//!
//! Convergence of a Lanczos process is read off the last row, so that a check costs O(m²); the whole matrix, O(m³), is
//! wanted once. The implicit QL method with Wilkinson's shift (EISPACK's `tql2`).
//!
//! Source: Bowdler, Martin, Reinsch and Wilkinson, Numer. Math. 11 (1968) 293.

/// Steps for one eigenvalue after which it is accepted as it is; two or three are usual.
const STEPS: usize = 60;

/// Eigenvalues, in no order, of the matrix with this diagonal (m entries) and these m − 1 entries beside it. `rows`
/// holds some rows of an m × m matrix X, each m long, and becomes the same rows of X·S with S the eigenvectors as
/// columns: the identity's rows become those of S.
pub fn tridiagonal_eigen(diagonal: &[f64], beside: &[f64], rows: &mut [f64]) -> Vec<f64> {
    let m = diagonal.len();
    let mut d = diagonal.to_vec();
    let mut e: Vec<f64> = beside.iter().copied().take(m.saturating_sub(1)).collect();
    e.resize(m, 0.0);
    for l in 0..m {
        for _ in 0..STEPS {
            let small = |i: &usize| e[*i].abs() <= f64::EPSILON * (d[*i].abs() + d[*i + 1].abs());
            let end = (l..m - 1).find(small).unwrap_or(m - 1);
            if end == l {
                break;
            }
            step(&mut d, &mut e, rows, l, end);
        }
    }
    d
}

/// One QL step on the unreduced part from l to `end`.
fn step(d: &mut [f64], e: &mut [f64], rows: &mut [f64], l: usize, end: usize) {
    let m = d.len();
    let half = (d[l + 1] - d[l]) / (2.0 * e[l]);
    let root = half.hypot(1.0);
    let mut g = d[end] - d[l] + e[l] / (half + root.copysign(half));
    let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
    for i in (l..end).rev() {
        let (f, b) = (s * e[i], c * e[i]);
        let r = f.hypot(g);
        e[i + 1] = r;
        if r == 0.0 {
            // The matrix has come apart here.
            d[i + 1] -= p;
            e[end] = 0.0;
            return;
        }
        (s, c) = (f / r, g / r);
        g = d[i + 1] - p;
        let t = (d[i] - g) * s + 2.0 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        for row in rows.chunks_exact_mut(m) {
            let (x, y) = (row[i], row[i + 1]);
            row[i + 1] = s * x + c * y;
            row[i] = c * x - s * y;
        }
    }
    d[l] -= p;
    e[l] = g;
    e[end] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input_hessian::{dot, symmetric_eigen};
    use crate::random::{Purpose, Stream};

    #[test]
    fn values_and_vectors_are_those_of_the_dense_method_at_every_scale() {
        for scale in [1e-150, 1e-8, 1.0, 1e8] {
            for m in [1, 2, 3, 17] {
                let mut s = Stream::new(1, Purpose::Probe, m as u64);
                let diagonal: Vec<f64> = (0..m).map(|_| scale * s.normal()).collect();
                let beside: Vec<f64> = (1..m).map(|_| scale * s.normal()).collect();
                let mut dense = vec![0.0; m * m];
                let mut all = vec![0.0; m * m];
                for i in 0..m {
                    dense[i * m + i] = diagonal[i];
                    all[i * m + i] = 1.0;
                    if i + 1 < m {
                        dense[i * m + i + 1] = beside[i];
                        dense[(i + 1) * m + i] = beside[i];
                    }
                }
                let values = tridiagonal_eigen(&diagonal, &beside, &mut all);
                for (k, value) in values.iter().enumerate() {
                    let v: Vec<f64> = (0..m).map(|i| all[i * m + k]).collect();
                    assert!((dot(&v, &v) - 1.0).abs() < 1e-13);
                    for (i, row) in dense.chunks(m).enumerate() {
                        assert!((dot(row, &v) - value * v[i]).abs() < 1e-13 * scale * m as f64);
                    }
                }
                let mut sorted = values.clone();
                sorted.sort_by(|a, b| b.total_cmp(a));
                for (a, b) in sorted.iter().zip(&symmetric_eigen(&dense, m).values) {
                    assert!((a - b).abs() < 1e-13 * scale * m as f64, "{a} and {b}");
                }
                let mut last = vec![0.0; m];
                last[m - 1] = 1.0;
                tridiagonal_eigen(&diagonal, &beside, &mut last);
                assert_eq!(last, all[(m - 1) * m..]);
            }
        }
    }

    #[test]
    fn nothing_and_zero_are_no_trouble() {
        assert!(tridiagonal_eigen(&[], &[], &mut []).is_empty());
        assert_eq!(tridiagonal_eigen(&[0.0; 3], &[0.0; 2], &mut []), [0.0; 3]);
    }
}
