//! Whether the wanted pairs are all of them.
//!
//! From one starting vector a Krylov space reaches one vector of each eigenspace, so a repeated eigenvalue (or a cluster
//! narrower than the tolerance) is found once and the set looks complete. A fresh random direction orthogonal to the
//! basis reaches a further vector of it. We call the steps from one random direction a sweep. A set is confirmed when a
//! whole sweep has left the wanted Ritz values where they were; if one has moved, another sweep begins. This is the
//! iterative validation of McCombs & Stathopoulos, *Iterative validation of eigensolvers*, SIAM J. Sci. Comput. 28
//! (2006).
//!
//! Sweeps are required where the caller asks for them, and after every breakdown: a Krylov space that closes before it is
//! the whole space says that A has fewer distinct eigenvalues than dimensions, so that some are repeated. A β that is
//! merely suspiciously small counts as a breakdown here.
//!
//! How long a sweep must be: Kuczyński & Woźniakowski, *Estimating the largest eigenvalue by the power and Lanczos
//! algorithms with a random start*, SIAM J. Matrix Anal. Appl. 13 (1992), Theorem 3.2: after j steps the top Ritz value is
//! within ε·(λ₁ − λₙ) of λ₁ but with probability 1.648·√n·exp(−√ε(2j − 1)). A missed eigenvalue beyond the last wanted one,
//! λₖ, would by then be seen beyond its neighbour, so ε is the gap between these two relative to the spread. Where that
//! gap is next to nothing, a pair missed there equals one that was found to within it, and the length of the basis is
//! taken.

use hesse_solver_tools::projected::Ritz;
use hesse_solver_tools::wanted::Wanted;
use serde::{Deserialize, Serialize};

/// The probability with which a sweep may miss something.
const RISK: f64 = 0.01;

/// The state of the search for what one starting vector cannot see.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sweep {
    /// Whether a set has to be confirmed.
    pub required: bool,
    /// Steps since the random direction.
    pub steps: usize,
    /// The wanted values when the sweep began, where all of them were within the tolerance.
    baseline: Option<Vec<f64>>,
    /// The wanted values that a sweep has confirmed.
    confirmed: Option<Vec<f64>>,
}

/// What to do with a set of pairs that are within the tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is complete as far as was asked.
    Complete,
    /// The sweep has to go on.
    Unfinished,
    /// It has changed (or was never checked): a new sweep has to begin.
    Again,
}

impl Sweep {
    /// The first sweep.
    pub fn new(required: bool) -> Self {
        Sweep { required, ..Sweep::default() }
    }

    /// Begins a sweep; `values` are the wanted ones if all are within the tolerance.
    pub fn begin(&mut self, values: Option<Vec<f64>>) {
        self.steps = 0;
        self.baseline = values;
    }

    /// Judges the wanted values; `ended` says that the sweep cannot go on because the basis is invariant, `same` is how
    /// far two values may be apart that count as one.
    pub fn judge(&mut self, values: &[f64], same: f64, ended: bool, length: usize) -> Verdict {
        let agree = |old: &Option<Vec<f64>>| {
            let old = old.as_deref().unwrap_or_default();
            old.len() == values.len() && old.iter().zip(values).all(|(a, b)| (a - b).abs() <= same)
        };
        if !self.required || agree(&self.confirmed) {
            return Verdict::Complete;
        }
        if !agree(&self.baseline) {
            return Verdict::Again;
        }
        if ended || self.steps >= length {
            self.confirmed = Some(values.to_vec());
            return Verdict::Complete;
        }
        Verdict::Unfinished
    }
}

/// Steps that a sweep must have, at most `most`.
pub(crate) fn length(ritz: &Ritz, wanted: &Wanted, dimension: usize, most: usize) -> usize {
    let (Some(&low), Some(&high)) = (ritz.values.first(), ritz.values.last()) else { return most };
    let spread = high - low;
    let count = ritz.len();
    let mut gap = f64::INFINITY;
    if wanted.largest > 0 && count > wanted.largest {
        gap = gap.min(ritz.values[count - wanted.largest] - ritz.values[count - wanted.largest - 1]);
    }
    if wanted.smallest() > 0 && count > wanted.smallest() {
        gap = gap.min(ritz.values[wanted.smallest()] - ritz.values[wanted.smallest() - 1]);
    }
    let relative = if spread > 0.0 { (gap / spread).min(1.0) } else { 0.0 };
    if relative <= 0.0 {
        return most;
    }
    let steps = 0.5 * ((1.648 * (dimension as f64).sqrt() / RISK).ln() / relative.sqrt() + 1.0);
    if steps < most as f64 { steps.ceil() as usize } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_complete_at_once_where_no_sweep_is_required() {
        assert_eq!(Sweep::default().judge(&[1.0], 0.0, false, 10), Verdict::Complete);
    }

    #[test]
    fn a_sweep_confirms_only_what_it_leaves_unchanged() {
        let mut sweep = Sweep::new(true);
        assert_eq!(sweep.judge(&[3.0, 1.0], 0.1, true, 5), Verdict::Again);
        sweep.begin(Some(vec![3.0, 1.0]));
        assert_eq!(sweep.judge(&[3.0, 1.05], 0.1, false, 5), Verdict::Unfinished);
        assert_eq!(sweep.judge(&[3.0, 3.0], 0.1, true, 5), Verdict::Again);
        sweep.begin(Some(vec![3.0, 3.0]));
        sweep.steps = 5;
        assert_eq!(sweep.judge(&[3.0, 3.0], 0.1, false, 5), Verdict::Complete);
        sweep.begin(None);
        assert_eq!(sweep.judge(&[3.0, 3.0], 0.1, false, 5), Verdict::Complete);
    }

    #[test]
    fn a_sweep_is_the_longer_the_smaller_the_gap() {
        let mut t = hesse_solver_tools::projected::Projected::default();
        t.set_diagonal([10.0, 9.0, 8.9, 0.0].into_iter());
        let ritz = t.eigen(4).unwrap();
        let steps = |largest, smallest| {
            let request =
                hesse_core::eigen::EigenRequest { largest, smallest, tolerance: 1e-3, max_products: 1, seed: 0 };
            length(&ritz, &Wanted::of(&request, 4), 10_000, 30)
        };
        // ln(1.648 · 100 / 0.01) = 9.71; the gaps are 0.1, 0.01 and 0.89 of the spread.
        assert_eq!((steps(1, 0), steps(2, 0), steps(0, 1)), (16, 30, 6));
    }
}
