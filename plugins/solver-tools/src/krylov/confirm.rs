//! Acceptance of many pairs by three products, whatever their number.
//!
//! The recurrence predicts every product of a Ritz vector in full, not only the length of its residual: A x = θ x + W C s,
//! with W the next directions and s the last coefficients. Whether the predictions of k vectors hold is a question about
//! a matrix D, whose columns dᵢ = A xᵢ − θᵢ xᵢ − W C sᵢ are what the recurrence does not know of (rounding, noise,
//! asymmetry), and it can be answered by products of random combinations of the vectors, as Freivalds checks a product of
//! matrices. With r Gaussian combinations z,
//!
//! ```text
//! ‖D‖ ≤ 10 √(2/π) · max ‖D z‖   but with probability 10^−r
//! ```
//!
//! (Halko, Martinsson & Tropp, *Finding structure with randomness*, SIAM Review 53 (2011), equation 4.3). Each residual is
//! reported as √(‖C sᵢ‖² + δ²) with δ this bound. Where δ spoils a pair the caller multiplies all of them
//! ([`crate::measured`]), so a doubt costs three products and a certainty saves k − 3.
//!
//! Decided against: random signs, which need no factor if the dᵢ are independent; but deviations of two vectors may be
//! parallel and of equal length, and then a quarter of all pairs of combinations sees neither.

use super::Basis;
use crate::counted::require_finite;
use crate::measured::{Candidates, Measured, polished};
use crate::projected::Ritz;
use hesse_core::eigen::SolverError;
use hesse_core::vectors::norms;

/// Random combinations multiplied: products.
pub const COMBINATIONS: usize = 3;

/// 10 √(2/π).
const CERTAINTY: f64 = 7.978_845_608_028_654;

impl Basis<'_> {
    /// Whether [`Basis::confirm`] can be asked: after a step, before a contraction.
    pub fn predicts(&self) -> bool {
        self.coupled
    }

    /// Checks the Ritz pairs of these indices, given as candidates in the same order, by [`COMBINATIONS`] products.
    ///
    /// # Errors
    /// Where a product fails or is not finite.
    pub fn confirm(&mut self, ritz: &Ritz, indices: &[usize], candidates: Candidates) -> Result<Measured, SolverError> {
        let Candidates { vectors, values, mut lengths, largest } = candidates;
        let k = vectors.columns();
        let tails: Vec<Vec<f64>> = indices.iter().map(|&index| self.tail(ritz, index)).collect();
        let weights = self.counted.normals(k * COMBINATIONS);
        let (counted, pending) = (&mut self.counted, self.pending);
        let space = counted.space;
        let (vectors, _) = polished(space, vectors)?;
        let mut combined = space.zeros(COMBINATIONS)?;
        space.combine(combined.all_mut(), 0.0, vectors.all(), &weights)?;
        let mut image = space.zeros(COMBINATIONS)?;
        let before = counted.statistics.products;
        counted.apply(combined.all(), image.all_mut())?;
        // Minus the prediction: −X Θ z − W C S z.
        let along: Vec<f64> = weights.iter().enumerate().map(|(at, z)| -z * values[at % k]).collect();
        space.combine(image.all_mut(), 1.0, vectors.all(), &along)?;
        if pending > 0 {
            let beyond: Vec<f64> = (weights.chunks_exact(k))
                .flat_map(|z| (0..pending).map(|i| -z.iter().zip(&tails).map(|(z, tail)| z * tail[i]).sum::<f64>()))
                .collect();
            space.combine(image.all_mut(), 1.0, self.vectors.view(self.size..self.size + pending), &beyond)?;
        }
        let deviations = norms(space, image.all())?;
        counted.statistics.inner_products += COMBINATIONS;
        require_finite(&deviations, 1, before)?;
        let deviation = CERTAINTY * deviations.into_iter().fold(0.0, f64::max);
        for length in &mut lengths {
            *length = length.hypot(deviation);
        }
        Ok(Measured { vectors, residuals: None, projected: Vec::new(), largest, values, lengths, verified: k })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::Wanted;
    use hesse_core::eigen::EigenRequest;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    /// The deviation that a confirmation finds for the eight largest pairs of diag(i) + `defect`·e₀e₁ᵀ, and what fresh
    /// products find.
    fn deviation(defect: f64, steps: usize) -> (f64, f64) {
        let n = 60;
        let operator = HostOperator::new(n, Precision::F64, |x: &[f64]| {
            (0..n).map(|i| x[i] * i as f64 + if i == 0 { defect * x[1] } else { 0.0 }).collect()
        });
        let mut basis = Basis::new(&operator, 40, 1, 5).unwrap();
        for _ in 0..steps {
            basis.prepare().unwrap();
            basis.advance().unwrap();
        }
        let request = EigenRequest { largest: 8, smallest: 0, tolerance: 1e-3, max_products: 100, seed: 0 };
        let ritz = basis.ritz().unwrap();
        let wanted = Wanted::of(&request, ritz.len());
        let candidates = |basis: &Basis<'_>| {
            let mut vectors = basis.counted.space.zeros(8).unwrap();
            basis.ritz_vectors(&ritz, &wanted.indices, &mut vectors).unwrap();
            let lengths = wanted.indices.iter().map(|&i| basis.estimate(&ritz, i)).collect();
            Candidates { vectors, values: wanted.values(&ritz), lengths, largest: 8 }
        };
        let (first, second) = (candidates(&basis), candidates(&basis));
        let claimed = first.lengths.clone();
        let products = basis.counted.statistics.products;
        let confirmed = basis.confirm(&ritz, &wanted.indices, first).unwrap();
        assert_eq!(basis.counted.statistics.products, products + COMBINATIONS);
        let measured = Measured::recomputed(&mut basis.counted, second, 8).unwrap();
        let hidden = |lengths: &[f64]| {
            let squares: f64 = lengths.iter().zip(&claimed).map(|(l, c)| (l * l - c * c).max(0.0)).sum();
            squares.sqrt()
        };
        // Each confirmed residual carries the bound.
        (hidden(&confirmed.lengths) / 8f64.sqrt(), hidden(&measured.lengths))
    }

    #[test]
    fn a_recurrence_that_holds_is_confirmed_to_rounding() {
        for steps in [12, 30] {
            let (confirmed, _) = deviation(0.0, steps);
            assert!(confirmed < 1e-11, "{steps}: {confirmed:e}");
        }
    }

    #[test]
    fn an_operator_that_is_not_symmetric_is_found_out() {
        let (confirmed, measured) = deviation(3.0, 20);
        assert!(measured > 1e-2 && confirmed > measured / 8f64.sqrt(), "{confirmed:e} against {measured:e}");
    }
}
