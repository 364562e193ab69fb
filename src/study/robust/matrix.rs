//! Models × attacks: every network on the fixed sets, and every network attacked anew.

use super::plan;
use super::sets::KeptSet;
use super::{RobustOptions, StudyAttack};
use crate::attack::{self, AttackOptions, EvaluationError};
use crate::problem::Session;
use crate::study::kept::{kept, key};
use crate::study::{Event, StudyError, Watch};
use crate::train::TrainReport;
use hesse_core::attack::driver::Verdict;
use hesse_core::operator::{Batch, DataSource, Evaluator, OperatorError};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A network's answers to a set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Answers {
    pub loss: f64,
    pub accuracy: f64,
}

/// A data set that ends the reading when someone asks to stop.
struct Stoppable<'a> {
    source: &'a dyn DataSource,
    stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl DataSource for Stoppable<'_> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        if (self.stop)() { Err("interrupted".to_string()) } else { self.source.batch(range) }
    }
}

/// Loss and accuracy of a session's network on a source; none where it was interrupted.
pub(super) fn evaluate(
    session: &Session,
    weights: &hesse_core::operator::Weights,
    source: &dyn DataSource,
    what: &str,
    watch: &mut Watch<'_>,
) -> Result<Option<Answers>, OperatorError> {
    let (stop, total) = (watch.stop, source.len());
    let observe = &mut watch.observe;
    let found = Evaluator::new(session.backend(), session.problem(), None, session.spec().batch)?.run(
        weights,
        &Stoppable { source, stop },
        &mut |done| observe(Event::Samples { what, done, total }),
    );
    match found {
        Ok(found) => Ok(Some(Answers { loss: found.loss, accuracy: found.accuracy })),
        Err(_) if stop() => Ok(None),
        Err(error) => Err(error),
    }
}

/// One network of the matrix.
pub(super) struct Row<'a> {
    pub options: &'a RobustOptions,
    pub name: &'a str,
    pub trained: &'a TrainReport,
}

impl Row<'_> {
    fn part(&self, what: &str) -> std::path::PathBuf {
        self.options.out.join("parts").join(format!("{}.{what}.json", self.name))
    }

    fn interrupted(&self, what: &str) -> StudyError {
        StudyError::Interrupted { during: format!("while {what} of {}", self.name), folder: self.options.out.clone() }
    }

    /// Accuracy and loss on the clean test samples.
    pub fn clean(&self, session: &Session, watch: &mut Watch<'_>) -> Result<Answers, StudyError> {
        let key = key(&format!("clean {} {}", plan::trained(self.trained), plan::machine(self.options)));
        kept(&self.part("clean"), &key, || {
            evaluate(session, session.weights(), session.source(), "clean samples", watch)?
                .ok_or_else(|| self.interrupted("evaluating the clean samples"))
        })
    }

    /// The same on a fixed set.
    pub fn transfer(
        &self,
        session: &Session,
        attack: &StudyAttack,
        set: &KeptSet,
        watch: &mut Watch<'_>,
    ) -> Result<Answers, StudyError> {
        let key =
            key(&format!("transfer {} {} set {}", plan::trained(self.trained), plan::machine(self.options), set.key));
        kept(&self.part(&format!("transfer-{}", attack.label)), &key, || {
            let what = format!("set of {}", attack.title);
            evaluate(session, session.weights(), &set.set, &what, watch)?
                .ok_or_else(|| self.interrupted("evaluating the adversarial sets"))
        })
    }

    /// Accuracy under an attack on this very network, by the rules of `hesse attack`.
    pub fn white_box(&self, session: &Session, attack: &StudyAttack, watch: &mut Watch<'_>) -> Result<f64, StudyError> {
        let key = key(&format!(
            "white-box {} {} {}",
            plan::trained(self.trained),
            plan::machine(self.options),
            plan::attacked(attack)
        ));
        kept(&self.part(&format!("white-box-{}", attack.label)), &key, || {
            let wanted = AttackOptions {
                attacks: vec![attack.attack.to_string()],
                epsilons: vec![attack.epsilon],
                norm: attack.norm,
                targets: None,
                indicators: false,
                keep: false,
            };
            let what = format!("white-box {}", attack.title);
            let observe = &mut watch.observe;
            let mut attack_watch = attack::Watch {
                observe: &mut |attack::Event::Attack { done, total, .. }| {
                    observe(Event::Samples { what: &what, done, total });
                },
                stop: watch.stop,
            };
            let stopped = || self.interrupted("attacking the weights");
            let found = attack::evaluate(session, &wanted, &mut attack_watch).map_err(|cause| match cause {
                EvaluationError::Interrupted => stopped(),
                cause => StudyError::Attack { cell: self.name.to_string(), cause },
            })?;
            if found.interrupted {
                return Err(stopped());
            }
            let robust = found.attacks.first().and_then(|a| a.first()).map_or(0, |t| t.count(Verdict::Robust));
            Ok(robust as f64 / found.samples().max(1) as f64)
        })
    }
}
