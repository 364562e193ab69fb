//! Which Ritz pairs are wanted, and which survive a restart.

use crate::projected::Ritz;
use hesse_core::eigen::EigenRequest;

/// Indices of the wanted pairs among ascending Ritz values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The largest, largest first; then the smallest, smallest first.
    pub indices: Vec<usize>,
    /// How many of them are largest ones.
    pub largest: usize,
}

impl Wanted {
    /// Among `available` pairs. Where there are fewer than wanted, both ends get their share.
    pub fn of(request: &EigenRequest, available: usize) -> Self {
        let smallest = request.smallest.min(available - request.largest.min(available).min(available.div_ceil(2)));
        let largest = request.largest.min(available - smallest);
        let smallest = request.smallest.min(available - largest);
        Wanted { indices: ends(available, largest, smallest), largest }
    }

    /// How many smallest ones.
    pub fn smallest(&self) -> usize {
        self.indices.len() - self.largest
    }

    /// Their Ritz values, in the same order.
    pub fn values(&self, ritz: &Ritz) -> Vec<f64> {
        self.indices.iter().filter_map(|&i| ritz.values.get(i).copied()).collect()
    }
}

/// The indices of the `largest` last of `available` (last first) and of the `smallest` first.
fn ends(available: usize, largest: usize, smallest: usize) -> Vec<usize> {
    (0..largest).map(|i| available - 1 - i).chain(0..smallest).collect()
}

/// The pairs that survive a restart: the wanted ones, and half as many more as would still leave room to grow, at the
/// wanted ends and in proportion to what is wanted there.
///
/// Neighbours of the wanted pairs are kept because convergence is governed by the gap to the first Ritz value that was
/// thrown away (Wu & Simon, section 4). Half of the free room is Stewart's and SLEPc's choice. Measured on decaying
/// spectra (i⁻¹, i^-½, outliers over an exponential bulk; k = 10, m = 30): any share from a fifth to four fifths costs
/// within two products of never restarting. On equally spaced values (k = 5, m = 20, 300 products unrestarted): 382, 371,
/// 373, 387, 492 products at shares of 0.2, 0.35, 0.5, 0.65, 0.8. A share that adapts to the gaps was therefore decided
/// against.
pub fn survivors(wanted: &Wanted, available: usize) -> Vec<usize> {
    let k = wanted.indices.len();
    let spare = available.saturating_sub(k);
    let extra = (spare / 2).min(spare.saturating_sub(1));
    let above = (extra * wanted.largest).checked_div(k).unwrap_or(0);
    let below = extra - above;
    let (largest, smallest) = (wanted.largest + above, wanted.smallest() + below);
    // The wanted ones come first, then their neighbours.
    let rest = ends(available, largest, smallest).into_iter().filter(|i| !wanted.indices.contains(i));
    wanted.indices.iter().copied().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(largest: usize, smallest: usize) -> EigenRequest {
        EigenRequest { largest, smallest, tolerance: 1e-3, max_products: 10, seed: 0 }
    }

    #[test]
    fn wanted_pairs_are_at_the_ends_and_never_twice() {
        let w = Wanted::of(&request(3, 2), 10);
        assert_eq!((w.indices.as_slice(), w.largest, w.smallest()), (&[9, 8, 7, 0, 1][..], 3, 2));
        for available in 0..12 {
            for (l, s) in [(3, 2), (0, 4), (5, 0), (1, 1), (6, 6)] {
                let w = Wanted::of(&request(l, s), available);
                let mut sorted = w.indices.clone();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(sorted.len(), (l + s).min(available), "{l} {s} of {available}: {w:?}");
            }
        }
    }

    #[test]
    fn survivors_begin_with_the_wanted_ones_and_leave_room() {
        for (l, s, m) in [(10, 0, 30), (3, 2, 20), (0, 4, 20), (1, 0, 3), (4, 4, 10)] {
            let w = Wanted::of(&request(l, s), m);
            let kept = survivors(&w, m);
            assert_eq!(kept[..l + s], w.indices[..]);
            assert!(kept.len() < m, "{} of {m}", kept.len());
            let mut sorted = kept.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), kept.len());
        }
    }
}
