//! The best iterate of every sample: one that succeeds before one that does not, then the higher loss.
//!
//! Returning the last iterate is how peers come to fool a network on the way and report that they did not.

/// Best iterates so far.
pub(crate) struct Keeper {
    /// `N × D`.
    pub samples: Vec<f64>,
    /// Success and loss of each.
    pub standing: Vec<(bool, f64)>,
}

impl Keeper {
    /// Begins with points of which nothing is known.
    pub fn new(samples: &[f64], count: usize) -> Self {
        Keeper { samples: samples.to_vec(), standing: vec![(false, f64::NEG_INFINITY); count] }
    }

    /// Takes over what is better; true where it is.
    pub fn offer(&mut self, samples: &[f64], standing: &[(bool, f64)]) -> Vec<bool> {
        let width = (self.samples.len() / self.standing.len().max(1)).max(1);
        let rows = self.samples.chunks_exact_mut(width).zip(samples.chunks_exact(width));
        rows.zip(self.standing.iter_mut().zip(standing))
            .map(|((row, new_row), (old, new))| {
                // A loss that is NaN is never higher.
                let taken = (new.0 && !old.0) || (new.0 == old.0 && new.1 > old.1);
                if taken {
                    row.copy_from_slice(new_row);
                    *old = *new;
                }
                taken
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_beats_loss_and_nan_beats_nothing() {
        let mut keeper = Keeper::new(&[0.0, 0.0], 2);
        keeper.offer(&[1.0, 1.0], &[(false, 5.0), (false, f64::NAN)]);
        assert_eq!(keeper.samples, [1.0, 0.0]);
        keeper.offer(&[2.0, 2.0], &[(true, 1.0), (false, 0.5)]);
        keeper.offer(&[3.0, 3.0], &[(false, 9.0), (false, 0.4)]);
        assert_eq!(keeper.samples, [2.0, 2.0]);
    }
}
