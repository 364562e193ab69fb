//! When a run ends: at a training loss, or after so many epochs.
//!
//! The decision is a function of the records alone, so that an interrupted run, a finished one that is called again and
//! one that is given more epochs all decide alike.

use super::{EpochRecord, TrainOptions};
use serde::{Deserialize, Serialize};

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The training loss is at most the target.
    TargetLoss,
    /// The most epochs allowed are done.
    Epochs,
}

/// What to do after the epochs so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Train another epoch.
    Continue,
    /// Evaluate the whole training set: the target may have been reached.
    Confirm,
    /// Done.
    Finished(Ending),
    /// The run would have ended after this epoch (counted from 1), but has gone on.
    Past(usize),
}

/// Decides; `begun` says whether steps of a further epoch have been taken.
pub(super) fn decide(records: &[EpochRecord], options: &TrainOptions, begun: bool) -> Decision {
    for (i, record) in records.iter().enumerate() {
        let done = i + 1;
        let at_the_end = done == records.len() && !begun;
        let near = options.target_loss.is_some_and(|target| match options.target_on_clean {
            true => at_the_end || record.confirmed_loss.is_some(),
            false => record.loss <= target,
        });
        let reached = record.confirmed_loss.map(|loss| options.target_loss.is_some_and(|target| loss <= target));
        let ends = match (near, reached, done >= options.epochs) {
            (true, None, _) if at_the_end => return Decision::Confirm,
            // What was not confirmed when it could be would have been, for all one knows.
            (true, None | Some(true), _) => Some(Ending::TargetLoss),
            (_, _, true) => Some(Ending::Epochs),
            _ => None,
        };
        match ends {
            Some(ending) if at_the_end => return Decision::Finished(ending),
            Some(_) => return Decision::Past(done),
            None => {}
        }
    }
    Decision::Continue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(losses: &[(f64, Option<f64>)]) -> Vec<EpochRecord> {
        let record = |(i, &(loss, confirmed_loss)): (usize, &(f64, Option<f64>))| EpochRecord {
            epoch: i + 1,
            loss,
            accuracy: 0.5,
            robust_accuracy: None,
            confirmed_loss,
            test_loss: 1.0,
            test_accuracy: 0.5,
            validation_accuracy: None,
            rate: 0.1,
            steps: 3,
            samples_per_second: 1.0,
            seconds: 1.0,
        };
        losses.iter().enumerate().map(record).collect()
    }

    fn options(epochs: usize, target_loss: Option<f64>) -> TrainOptions {
        TrainOptions { epochs, target_loss, ..TrainOptions::default() }
    }

    #[test]
    fn without_a_target_the_epochs_decide() {
        let three = records(&[(3.0, None), (2.0, None), (1.0, None)]);
        assert_eq!(decide(&three, &options(4, None), false), Decision::Continue);
        assert_eq!(decide(&three, &options(3, None), false), Decision::Finished(Ending::Epochs));
        assert_eq!(decide(&three, &options(2, None), false), Decision::Past(2));
        assert_eq!(decide(&[], &options(1, None), true), Decision::Continue);
    }

    #[test]
    fn a_target_is_confirmed_before_it_ends_the_run() {
        let target = options(9, Some(1.0));
        assert_eq!(decide(&records(&[(3.0, None), (0.9, None)]), &target, false), Decision::Confirm);
        let reached = records(&[(3.0, None), (0.9, Some(0.8))]);
        assert_eq!(decide(&reached, &target, false), Decision::Finished(Ending::TargetLoss));
        let missed = records(&[(3.0, None), (0.9, Some(1.1))]);
        assert_eq!(decide(&missed, &target, false), Decision::Continue);
        assert_eq!(decide(&missed, &options(2, Some(1.0)), false), Decision::Finished(Ending::Epochs));
    }

    #[test]
    fn a_target_on_clean_samples_is_looked_for_after_every_epoch_whatever_the_objective_is() {
        let target = TrainOptions { target_on_clean: true, ..options(9, Some(1.0)) };
        assert_eq!(decide(&records(&[(7.0, Some(5.0)), (6.0, None)]), &target, false), Decision::Confirm);
        let missed = records(&[(7.0, Some(5.0)), (6.0, Some(4.0))]);
        assert_eq!(decide(&missed, &target, false), Decision::Continue);
        let reached = records(&[(7.0, Some(5.0)), (6.0, Some(0.9))]);
        assert_eq!(decide(&reached, &target, false), Decision::Finished(Ending::TargetLoss));
        // A run that began without it has epochs that nobody looked at.
        assert_eq!(decide(&records(&[(7.0, None), (6.0, Some(4.0))]), &target, false), Decision::Continue);
    }

    #[test]
    fn a_finished_run_goes_on_with_a_lower_target_but_not_back_to_a_higher_one() {
        let run = records(&[(3.0, None), (1.5, None), (0.9, Some(0.8))]);
        assert_eq!(decide(&run, &options(9, Some(0.5)), false), Decision::Continue);
        assert_eq!(decide(&run, &options(9, Some(2.0)), false), Decision::Past(2));
        assert_eq!(decide(&run, &options(9, Some(1.0)), true), Decision::Past(3));
    }
}
