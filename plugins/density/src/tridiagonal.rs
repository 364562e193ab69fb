//! Gauss quadratures from symmetric tridiagonal matrices.
//!
//! Golub and Welsch, *Calculation of Gauss quadrature rules*, Math. Comp. 23 (1969): the nodes are the eigenvalues, the
//! weights the squares of the eigenvectors' first components. The implicit QL iteration updates the first row alone, so
//! the work is O(m²) and no matrix is formed. A general eigensolver on T, as another tool used, returns complex numbers
//! and eigenvectors that are not orthonormal on clusters.

use hesse_core::estimate::EstimateError;

/// Sweeps for one eigenvalue before giving up; two or three are usual.
const SWEEPS: usize = 60;

/// Nodes, ascending, and weights (with sum one) of the matrix with this diagonal and these off-diagonal entries, one
/// fewer.
///
/// # Errors
/// Where an entry is not finite or the iteration does not converge.
pub fn gauss_quadrature(diagonal: &[f64], off: &[f64]) -> Result<(Vec<f64>, Vec<f64>), EstimateError> {
    let size = diagonal.len();
    let fail = || EstimateError::Tridiagonal { size };
    let largest = diagonal.iter().chain(off).fold(0.0f64, |m, v| m.max(v.abs()));
    if off.len() + 1 < size || !diagonal.iter().chain(off).all(|v| v.is_finite()) {
        return Err(fail());
    }
    if size == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    // By a power of two, exactly: squares of a Hessian of 1e-200 would vanish.
    let exponent = if largest > 0.0 { (largest.log2().floor() as i32).clamp(-1000, 1000) } else { 0 };
    let scale = 2f64.powi(exponent);
    let mut d: Vec<f64> = diagonal.iter().map(|v| v / scale).collect();
    let mut e: Vec<f64> = off.iter().take(size - 1).map(|v| v / scale).collect();
    e.push(0.0);
    // First row of the accumulated rotations.
    let mut z = vec![0.0; size];
    z[0] = 1.0;
    let norm = (0..size).map(|i| d[i].abs() + e[i].abs()).fold(0.0, f64::max);

    for l in 0..size {
        let mut sweeps = 0;
        loop {
            // Entries below the rounding of the whole are zero.
            let m = (l..size - 1).find(|&m| e[m].abs() <= f64::EPSILON * norm).unwrap_or(size - 1);
            if m == l {
                break;
            }
            sweeps += 1;
            if sweeps > SWEEPS {
                return Err(fail());
            }
            // Wilkinson's shift.
            let g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = g.hypot(1.0);
            let mut g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut split = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    // The rotation found a zero on its way: two matrices.
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    split = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                let h = d[i + 1] - p;
                let r = (d[i] - h) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = h + p;
                g = c * r - b;
                (z[i], z[i + 1]) = (c * z[i] - s * z[i + 1], s * z[i] + c * z[i + 1]);
            }
            if !split {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
    let mut pairs: Vec<(f64, f64)> = d.iter().zip(&z).map(|(d, z)| (d * scale, z * z)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(pairs.into_iter().unzip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_and_weights_of_legendre_and_hermite_are_those_of_the_tables() {
        // Legendre on [−1, 1], five nodes: β_k = k/√(4k² − 1).
        let off: Vec<f64> = (1..5).map(|k| f64::from(k) / f64::from(4 * k * k - 1).sqrt()).collect();
        let (nodes, weights) = gauss_quadrature(&[0.0; 5], &off).unwrap();
        let expected =
            [-0.906_179_845_938_664, -0.538_469_310_105_683, 0.0, 0.538_469_310_105_683, 0.906_179_845_938_664];
        let of_two = [0.236_926_885_056_189, 0.478_628_670_499_366, 0.568_888_888_888_889];
        for (node, expected) in nodes.iter().zip(expected) {
            assert!((node - expected).abs() < 1e-14, "{nodes:?}");
        }
        for (i, w) in weights.iter().enumerate() {
            assert!((2.0 * w - of_two[i.min(4 - i)]).abs() < 1e-14, "{weights:?}");
        }
        // Hermite (standard normal): β_k = √k; the fourth moment is 3.
        let off: Vec<f64> = (1..8).map(|k| f64::from(k).sqrt()).collect();
        let (nodes, weights) = gauss_quadrature(&[0.0; 8], &off).unwrap();
        let fourth: f64 = nodes.iter().zip(&weights).map(|(x, w)| w * x.powi(4)).sum();
        assert!((fourth - 3.0).abs() < 1e-12 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn the_eigenvalues_of_the_second_difference_are_found_at_every_scale() {
        let n = 60;
        for scale in [1.0, 1e-300, 1e-8, 1e8, 1e300] {
            let (nodes, weights) = gauss_quadrature(&vec![2.0 * scale; n], &vec![-scale; n - 1]).unwrap();
            for (j, node) in nodes.iter().enumerate() {
                let exact = 2.0 - 2.0 * (std::f64::consts::PI * (j + 1) as f64 / (n + 1) as f64).cos();
                assert!((node / scale - exact).abs() < 1e-13, "{scale}: {node}");
            }
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn zero_diagonal_and_split_matrices_are_no_special_cases() {
        assert_eq!(gauss_quadrature(&[0.0; 3], &[0.0; 2]).unwrap(), (vec![0.0; 3], vec![1.0, 0.0, 0.0]));
        assert_eq!(gauss_quadrature(&[4.0], &[]).unwrap(), (vec![4.0], vec![1.0]));
        assert_eq!(gauss_quadrature(&[], &[]).unwrap(), (vec![], vec![]));
        let (nodes, weights) = gauss_quadrature(&[5.0, 1.0, 2.0], &[0.0, 3.0]).unwrap();
        let at = nodes.iter().position(|&v| v == 5.0).unwrap();
        assert_eq!(weights[at], 1.0);
        assert!(gauss_quadrature(&[f64::NAN], &[]).is_err());
    }
}
