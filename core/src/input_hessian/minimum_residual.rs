//! How well H d = g can be solved in a Krylov space of g: the check that a gradient lies in the range of a Hessian of
//! low rank.
//!
//! On a piecewise-linear network g is in the range of H, whose rank is at most C − 1, so the Krylov space of g has no
//! more dimensions than that and the smallest residual ‖Hd − g‖ within it is zero. On a smooth network neither holds.
//! The smallest residual follows from T alone by Givens rotations (MINRES), without d.
//!
//! Source: Paige and Saunders, *Solution of sparse indefinite systems of linear equations*, SIAM J. Numer. Anal. 12
//! (1975) 617.

use super::Krylov;

/// min ‖H d − g‖ / ‖g‖ over the Krylov spaces of g of 1, 2, … m dimensions, `krylov` having begun with g.
pub fn krylov_residuals(krylov: &Krylov) -> Vec<f64> {
    let (diagonal, beside) = krylov.coefficients();
    let mut residuals = Vec::with_capacity(diagonal.len());
    // The last two rotations, and the right-hand side's last entry.
    let (mut before, mut last) = ((1.0, 0.0), (1.0, 0.0));
    let mut remaining = 1.0;
    // A pivot of rounding size is that of a singular T, where nothing more can be gained.
    let nothing = krylov.noise().max(4.0 * f64::EPSILON) * krylov.norm();
    for (j, (&alpha, &beta)) in diagonal.iter().zip(beside).enumerate() {
        let above = j.checked_sub(1).and_then(|i| beside.get(i)).copied().unwrap_or(0.0);
        // Column j of T is (…, above, alpha, beta); the rotations before it act on its first entries.
        let upper = before.0 * above;
        let pivot = -last.1 * upper + last.0 * alpha;
        let length = f64::hypot(pivot, beta);
        let rotation = if length > nothing { (pivot / length, beta / length) } else { (0.0, 1.0) };
        remaining *= rotation.1;
        residuals.push(f64::abs(remaining));
        (before, last) = (last, rotation);
    }
    residuals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input_hessian::dot;
    use crate::random::{Purpose, Stream};

    /// The same by least squares over the dense Krylov matrix, through its normal equations in the basis.
    fn dense(values: &[f64], g: &[f64], m: usize) -> f64 {
        // Gram–Schmidt on H K, then what is left of g.
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut v = g.to_vec();
        for _ in 0..m {
            v.iter_mut().zip(values).for_each(|(v, h)| *v *= h);
            let mut w = v.clone();
            for _ in 0..2 {
                for c in &columns {
                    let along = dot(c, &w);
                    w.iter_mut().zip(c).for_each(|(w, c)| *w -= along * c);
                }
            }
            let length = dot(&w, &w).sqrt();
            w.iter_mut().for_each(|w| *w /= length);
            columns.push(w);
        }
        let mut left = g.to_vec();
        for c in &columns {
            let along = dot(c, &left);
            left.iter_mut().zip(c).for_each(|(l, c)| *l -= along * c);
        }
        (dot(&left, &left) / dot(g, g)).sqrt()
    }

    #[test]
    fn the_residuals_are_those_of_dense_least_squares_also_where_h_is_indefinite() {
        let mut s = Stream::new(2, Purpose::Probe, 0);
        let values: Vec<f64> = (0..12).map(|_| 3.0 * s.normal()).collect();
        let g: Vec<f64> = (0..12).map(|_| s.normal()).collect();
        let mut krylov = Krylov::new(&g, 1e-15);
        for _ in 0..6 {
            let q = krylov.direction().unwrap().to_vec();
            krylov.absorb(q.iter().zip(&values).map(|(q, h)| q * h).collect());
        }
        for (m, residual) in krylov_residuals(&krylov).iter().enumerate() {
            let expected = dense(&values, &g, m + 1);
            assert!((residual - expected).abs() < 1e-10, "{m}: {residual} and {expected}");
        }
    }

    #[test]
    fn a_right_hand_side_in_a_range_of_rank_three_is_solved_in_three_steps_and_one_outside_never() {
        let values = [5.0, 1.0, 0.2, 0.0, 0.0, 0.0];
        let ask = |g: &[f64]| {
            let mut krylov = Krylov::new(g, 1e-15);
            while let Some(q) = krylov.direction().map(<[f64]>::to_vec) {
                krylov.absorb(q.iter().zip(&values).map(|(q, h)| q * h).collect());
            }
            krylov_residuals(&krylov)
        };
        let inside = ask(&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert!(inside.len() == 3 && inside[1] > 1e-3 && inside[2] < 1e-14, "{inside:?}");
        let outside = ask(&[1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert!((outside.last().unwrap() - 0.5).abs() < 1e-12, "{outside:?}");
    }
}
