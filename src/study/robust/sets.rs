//! The adversarial sets, made once on the original network.

use super::plan::{self, ORIGINAL};
use super::{RobustOptions, StudyAttack};
use crate::attack::{EvaluationError, FixedSet};
use crate::problem::Session;
use crate::study::{Event, StudyError, Watch, kept::key};
use crate::train::TrainReport;
use std::path::PathBuf;

/// A set with the key it is kept under.
pub(super) struct KeptSet {
    pub set: FixedSet,
    pub key: String,
}

pub(super) fn file(options: &RobustOptions, attack: &StudyAttack) -> PathBuf {
    options.out.join("sets").join(format!("{}.safetensors", attack.label))
}

/// The key of an attack's set.
pub(super) fn set_key(options: &RobustOptions, original: &TrainReport, attack: &StudyAttack) -> String {
    key(&format!("set {} {} {}", plan::trained(original), plan::machine(options), plan::attacked(attack)))
}

/// The set of an attack: what an earlier call left, or made now.
pub(super) fn set(
    options: &RobustOptions,
    original: &TrainReport,
    attack: &StudyAttack,
    session: &Session,
    watch: &mut Watch<'_>,
) -> Result<KeptSet, StudyError> {
    let (file, key) = (file(options, attack), set_key(options, original, attack));
    if let Some(set) = FixedSet::read(&file, &key, &session.dataset().labels) {
        return Ok(KeptSet { set, key });
    }
    let (what, total) = (format!("adversarial set of {}", attack.title), session.dataset().len());
    let mut observe = |done| {
        (watch.observe)(Event::Samples { what: &what, done, total });
        !(watch.stop)()
    };
    let made = FixedSet::craft(session, attack.attack, attack.norm, attack.epsilon, &mut observe);
    let set = made.map_err(|cause| match cause {
        EvaluationError::Interrupted => {
            StudyError::Interrupted { during: format!("while making the {what}"), folder: options.out.clone() }
        }
        cause => StudyError::Attack { cell: ORIGINAL.to_string(), cause },
    })?;
    // What was stopped at the last sample is whole, and kept.
    set.write(&file, &key, options.backend.precision)?;
    Ok(KeptSet { set, key })
}
