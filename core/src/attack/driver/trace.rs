//! The loss of every step of an attack.
//!
//! An attack that is still improving when it stops was stopped too early, and one whose loss does not move has no
//! gradient to follow; both look like robustness. The trace lets a reader see them.

use crate::attack::AttackStep;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceStep {
    /// Steps done, from one; restarts and members of an ensemble count on.
    pub step: usize,
    /// Samples whose loss was finite.
    pub samples: usize,
    /// Mean of their losses, of the loss that the attack raises.
    pub mean_loss: f64,
}

/// Every step in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace(pub Vec<TraceStep>);

impl Trace {
    /// Adds a step.
    pub fn record(&mut self, step: &AttackStep<'_>) {
        let finite = || step.losses.iter().filter(|l| l.is_finite());
        let samples = finite().count();
        let mean_loss = finite().sum::<f64>() / samples.max(1) as f64;
        self.0.push(TraceStep { step: step.step, samples, mean_loss });
    }

    /// Adds the trace of other samples under the same attack, step by step, each weighted by its samples.
    pub fn merge(&mut self, other: &Trace) {
        for new in &other.0 {
            // Steps rise, in both.
            match self.0.binary_search_by_key(&new.step, |s| s.step) {
                Ok(at) => {
                    let old = &mut self.0[at];
                    let samples = old.samples + new.samples;
                    let total = old.mean_loss * old.samples as f64 + new.mean_loss * new.samples as f64;
                    *old = TraceStep { step: old.step, samples, mean_loss: total / samples.max(1) as f64 };
                }
                Err(at) => self.0.insert(at, *new),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_of_two_batches_are_the_trace_of_all_samples() {
        let mut all = Trace::default();
        all.record(&AttackStep { step: 1, losses: &[1.0, f64::NAN, 2.0] });
        let mut other = Trace::default();
        other.record(&AttackStep { step: 1, losses: &[6.0] });
        other.record(&AttackStep { step: 2, losses: &[7.0] });
        all.merge(&other);
        let expected =
            [TraceStep { step: 1, samples: 3, mean_loss: 3.0 }, TraceStep { step: 2, samples: 1, mean_loss: 7.0 }];
        assert_eq!(all.0, expected);
    }
}
