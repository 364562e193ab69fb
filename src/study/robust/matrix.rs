//! Models × attacks: every network on the fixed sets, and every network attacked anew.

use super::plan;
use super::sets::KeptSet;
use super::{RobustOptions, StudyAttack};
use crate::problem::Session;
use crate::study::evaluation::{Answers, evaluate, under_attack};
use crate::study::kept::{kept, key};
use crate::study::{StudyError, Watch};
use crate::train::TrainReport;

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
            let what = format!("white-box {}", attack.title);

            under_attack(session, &[attack.attack], (attack.norm, &[attack.epsilon]), (self.name, &what), watch)?
                .and_then(|found| found.first()?.first().copied())
                .ok_or_else(|| self.interrupted("attacking the weights"))
        })
    }
}
