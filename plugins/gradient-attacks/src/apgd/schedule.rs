//! When progress is judged, and what is done where there was too little.

use hesse_core::attack::Norm;

/// Share of the steps since the last checkpoint that must have raised the loss.
const IMPROVING: f64 = 0.75;

/// Checkpoints for L∞ and L2: after 22 % of the steps, then at intervals that shrink by 3 % of the steps down to 6 %;
/// for L1 after every 4 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoints {
    interval: usize,
    shrink: usize,
    least: usize,
    waited: usize,
}

impl Checkpoints {
    pub fn new(norm: Norm, steps: usize) -> Self {
        // Whole parts, of percentages as integers: 0.06·50 is below 3 in binary.
        let share = |percent: usize| (percent * steps / 100).max(1);
        match norm {
            Norm::L1 => Checkpoints { interval: share(4), shrink: 0, least: share(4), waited: 0 },
            _ => Checkpoints { interval: share(22), shrink: share(3), least: share(6), waited: 0 },
        }
    }

    /// Counts a step; the length of the interval if it ends here.
    pub fn step(&mut self) -> Option<usize> {
        self.waited += 1;
        if self.waited < self.interval {
            return None;
        }
        let ended = self.interval;
        self.interval = self.interval.saturating_sub(self.shrink).max(self.least);
        self.waited = 0;
        Some(ended)
    }
}

/// The progress of one sample (L∞ and L2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Progress {
    /// Loss of the last iterate.
    last: f64,
    /// Steps since the last checkpoint that raised it.
    raised: usize,
    best_at_checkpoint: f64,
    halved_at_checkpoint: bool,
}

impl Progress {
    pub fn new(loss: f64) -> Self {
        // As published: at the first checkpoint the second condition does not count.
        Progress { last: loss, raised: 0, best_at_checkpoint: loss, halved_at_checkpoint: true }
    }

    pub fn step(&mut self, loss: f64) {
        self.raised += usize::from(loss > self.last);
        self.last = loss;
    }

    /// Whether the step is to be halved: too few steps raised the loss, or it was not halved at the last checkpoint and
    /// the best loss is still the same.
    pub fn judge(&mut self, interval: usize, best: f64) -> bool {
        let few = (self.raised as f64) < IMPROVING * interval as f64;
        // Not `best <= …`: a loss that is NaN has not improved.
        let stuck = !self.halved_at_checkpoint
            && !matches!(best.partial_cmp(&self.best_at_checkpoint), Some(std::cmp::Ordering::Greater));
        let halve = few || stuck;
        *self = Progress { last: self.last, raised: 0, best_at_checkpoint: best, halved_at_checkpoint: halve };
        halve
    }
}

/// The progress of one sample under L1: how sparse its best perturbation is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sparsity {
    /// Share of the entries that a step moves.
    pub share: f64,
    entries: f64,
}

impl Sparsity {
    pub fn new(dimension: usize) -> Self {
        Sparsity { share: 0.2, entries: dimension as f64 }
    }

    /// Takes the number of entries that the best perturbation changes; returns the next step as a share of the first,
    /// and whether to go back to the best point.
    pub fn judge(&mut self, changed: usize, dimension: usize, step: f64) -> (f64, bool) {
        let changed = changed as f64;
        let sparser = changed < 0.95 * self.entries;
        self.share = changed / dimension.max(1) as f64 / 1.5;
        self.entries = changed;
        if sparser { (1.0, true) } else { ((step / 1.5).clamp(0.1, 1.0), false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(norm: Norm, steps: usize) -> Vec<usize> {
        let mut checkpoints = Checkpoints::new(norm, steps);
        (1..=steps).filter(|_| checkpoints.step().is_some()).collect()
    }

    #[test]
    fn checkpoints_are_those_of_the_publication() {
        assert_eq!(ends(Norm::Linf, 100), [22, 41, 57, 70, 80, 87, 93, 99]);
        assert_eq!(ends(Norm::L1, 10), (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn a_step_is_halved_where_fewer_than_three_quarters_raised_the_loss() {
        let run = |raised: usize| {
            let mut p = Progress::new(0.0);
            for i in 0..8 {
                p.step(if i < raised { 1.0 + i as f64 } else { 0.0 });
            }
            p.judge(8, raised as f64)
        };
        assert!(run(5) && !run(6));
    }

    #[test]
    fn a_best_loss_that_stands_still_halves_the_step_every_other_time() {
        let mut p = Progress::new(0.0);
        let interval = |p: &mut Progress| {
            (1..=4).for_each(|i| p.step(f64::from(i)));
            p.last = 0.0;
            p.judge(4, 4.0)
        };
        assert_eq!(
            [interval(&mut p), interval(&mut p), interval(&mut p), interval(&mut p)],
            [false, true, false, true]
        );
    }
}
