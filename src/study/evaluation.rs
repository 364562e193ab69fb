//! Networks on samples: loss and accuracy, and accuracy under attack, for every study.

use super::{Event, StudyError, Watch};
use crate::attack::{self, AttackOptions, EvaluationError};
use crate::problem::Session;
use crate::spectrum::Stoppable;
use hesse_core::attack::Norm;
use hesse_core::attack::driver::Verdict;
use hesse_core::operator::{DataSource, Evaluator, OperatorError, Weights};
use serde::{Deserialize, Serialize};

/// A network's answers to a set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Answers {
    pub loss: f64,
    pub accuracy: f64,
}

/// Loss and accuracy of a session's network on a source, with these weights; none where it was interrupted.
pub(super) fn evaluate(
    session: &Session,
    weights: &Weights,
    source: &dyn DataSource,
    what: &str,
    watch: &mut Watch<'_>,
) -> Result<Option<Answers>, OperatorError> {
    evaluate_with(&mut evaluator(session)?, weights, source, what, watch)
}

/// The program of [`evaluate`], for many weights.
pub(super) fn evaluator(session: &Session) -> Result<Evaluator<'_>, OperatorError> {
    Evaluator::new(session.backend(), session.problem(), None, session.spec().batch)
}

/// [`evaluate`] with a program that is there already.
pub(super) fn evaluate_with(
    evaluator: &mut Evaluator<'_>,
    weights: &Weights,
    source: &dyn DataSource,
    what: &str,
    watch: &mut Watch<'_>,
) -> Result<Option<Answers>, OperatorError> {
    let (stop, total) = (watch.stop, source.len());
    let observe = &mut watch.observe;
    let found = evaluator.run(weights, &Stoppable { source, stop }, &mut |done| {
        observe(Event::Samples { what, done, total });
    });
    match found {
        Ok(found) => Ok(Some(Answers { loss: found.loss, accuracy: found.accuracy })),
        Err(_) if stop() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Accuracy of a session's network under each attack on it with each budget, by the rules of `hesse attack`: for each
/// attack, one for each budget.
///
/// # Errors
/// Outside where an attack fails, with the name of the `cell`; none inside where it was interrupted.
pub(super) fn under_attack(
    session: &Session,
    attacks: &[&str],
    (norm, epsilons): (Norm, &[f64]),
    (cell, what): (&str, &str),
    watch: &mut Watch<'_>,
) -> Result<Option<Vec<Vec<f64>>>, StudyError> {
    let wanted = AttackOptions {
        attacks: attacks.iter().map(|a| (*a).to_string()).collect(),
        epsilons: epsilons.to_vec(),
        norm,
        targets: None,
        indicators: false,
        keep: false,
    };
    let observe = &mut watch.observe;
    let mut follow = |attack::Event::Attack { done, total, .. }: attack::Event<'_>| {
        observe(Event::Samples { what, done, total });
    };
    let found = attack::evaluate(session, &wanted, &mut attack::Watch { observe: &mut follow, stop: watch.stop });
    match found {
        Err(EvaluationError::Interrupted) => Ok(None),
        Err(cause) => Err(StudyError::Attack { cell: cell.to_string(), cause }),
        Ok(found) if found.interrupted => Ok(None),
        Ok(found) => {
            let samples = found.samples().max(1) as f64;
            let share = |tally: &attack::Tally| tally.count(Verdict::Robust) as f64 / samples;
            Ok(Some(found.attacks.iter().map(|budgets| budgets.iter().map(share).collect()).collect()))
        }
    }
}
